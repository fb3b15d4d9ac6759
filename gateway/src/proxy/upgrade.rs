use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use service::{ConnectionPlace, Problem};
use tokio::io::copy_bidirectional;
use tracing::debug;

use super::attempt::{innermost, request_to};
use super::forward::{tell, unavailable};
use super::headers::{for_a_role, without_hop_by_hop};
use super::upstreams::Upstreams;

/// The only protocol that a connection is given up for. Not `h2c`: what is said in it would pass the door unseen.
const WEBSOCKET: &str = "websocket";

/// Whether a request asks for a WebSocket.
pub(super) fn is_upgrade(request: &Request) -> bool {
    let names = |name: header::HeaderName, word: &str| {
        let lines = request.headers().get_all(name);
        let mut words =
            lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        words.any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    names(header::CONNECTION, "upgrade") && names(header::UPGRADE, WEBSOCKET)
}

/// Passes a request for a WebSocket on, and when it is granted, what both sides say to each other from then on.
pub(super) async fn upgrade(
    upstreams: &Upstreams,
    mut request: Request,
) -> Result<Response, Problem> {
    let client_side = hyper::upgrade::on(&mut request);
    let place = request.extensions().get::<ConnectionPlace>().cloned();
    let (mut head, _no_body) = request.into_parts();
    for_a_role(&mut head);
    ask_for_websocket(&mut head.headers);
    let upstream = upstreams.choose(&[]).ok_or_else(unavailable)?;
    let request = request_to(&upstream, &head, Body::empty());
    let answered = upstreams.client.request(request);
    let mut answer = match tokio::time::timeout(upstreams.settings.answers_within, answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            upstream.failed(&innermost(&error));
            return Err(unavailable());
        }
        Err(elapsed) => {
            upstream.failed(&elapsed);
            return Err(unavailable());
        }
    };
    upstream.answered();
    tell(&head, &upstream.address, 1);
    let under_way = upstream.begin();
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return super::answer::received(answer, under_way).await.map_err(|_| unavailable());
    }
    let upstream_side = hyper::upgrade::on(&mut answer);
    tokio::spawn(async move {
        // It counts among the connections until it ends.
        let _counted = (place, under_way);
        match tokio::try_join!(client_side, upstream_side) {
            Ok((client, upstream)) => {
                let ended =
                    copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream))
                        .await;
                debug!(?ended, "websocket ended");
            }
            Err(error) => debug!(%error, "websocket did not begin"),
        }
    });
    let (mut head, _no_body) = answer.into_parts();
    without_hop_by_hop(&mut head.headers);
    ask_for_websocket(&mut head.headers);
    Ok(Response::from_parts(head, Body::empty()))
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(WEBSOCKET));
}
