//! Events on their way from a real Postgres through a real nats-server.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod announcements;
mod asyncapi;
mod clocks;
mod documented;
mod holes;
mod outages;
mod own_server;
mod projector_user;
mod published;
mod reader;
mod recording;
mod relay;
mod replay;
mod scene;
mod several_relays;
mod slow_way;
mod stopped_clock;
mod subscriber_user;
mod subscription;
mod tampering;
