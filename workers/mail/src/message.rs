//! What goes over the wire: a MIME message, with all headers made by lettre, which encodes what does not belong there.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment as Part, Body, Mailbox, Message, MultiPart, SinglePart};

use crate::content::{Attachment, Content};
use crate::queue::MailId;

/// Whom mails are from, such as `Running Trainer <trainer@example.org>`.
#[derive(Clone)]
pub struct Sender(Mailbox);

/// It is no address that mails can be from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sender must be an address such as trainer@example.org, or Trainer <trainer@example.org>"
)]
pub struct SenderError;

/// A mail cannot be made into a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MessageError {
    /// Its recipient is none.
    #[error("the recipient is no e-mail address")]
    Recipient,
    /// An attachment has no media type.
    #[error("an attachment has a media type that is none")]
    MediaType,
    /// Something else is missing.
    #[error("the message cannot be put together: {0}")]
    Message(#[from] lettre::error::Error),
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        let mailbox: Mailbox = text.trim().parse().map_err(|_| SenderError)?;
        let has_control = text.chars().any(char::is_control);
        if has_control { Err(SenderError) } else { Ok(Self(mailbox)) }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({})", self.0)
    }
}

/// The message. Made again from the same mail it has the same `Message-ID`, by which mailboxes tell that it came twice.
pub(crate) fn message(
    from: &Sender,
    mail_id: MailId,
    recipient: &str,
    queued_at: DateTime<Utc>,
    content: Content,
) -> Result<Message, MessageError> {
    let to: Address = recipient.parse().map_err(|_| MessageError::Recipient)?;
    let Content { subject, text, html, attachments } = content;
    let letter = MultiPart::alternative()
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html));
    let body = if attachments.is_empty() {
        letter
    } else {
        let mut mixed = MultiPart::mixed().multipart(letter);
        for Attachment { file_name, media_type, bytes } in attachments {
            let media_type =
                ContentType::parse(&media_type).map_err(|_| MessageError::MediaType)?;
            // Whatever it looks like, it arrives byte by byte.
            let encoded = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
                .map_err(|_| MessageError::MediaType)?;
            mixed = mixed.singlepart(Part::new(one_line(&file_name)).body(encoded, media_type));
        }
        mixed
    };
    let message = Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&subject))
        .date(SystemTime::from(queued_at))
        .message_id(Some(format!("<{mail_id}@{}>", from.0.email.domain())))
        .header(AutoSubmitted)
        .multipart(body)?;
    Ok(message)
}

/// No end of line gets into a header, whoever chose the text.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Tells automatic answers to stay away (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn formatted(subject: &str, attachments: Vec<Attachment>) -> String {
        let from: Sender = "Running Trainer <trainer@example.org>".parse().unwrap();
        let content = Content {
            subject: subject.to_owned(),
            text: "Hello,\n.\nüber\n".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            attachments,
        };
        let id = MailId(Uuid::nil());
        let message = message(&from, id, "ann@example.org", DateTime::UNIX_EPOCH, content).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    fn headers(message: &str) -> Vec<&str> {
        let head = message.split_once("\r\n\r\n").unwrap().0;
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).collect()
    }

    #[test]
    fn it_is_plain_text_and_html_with_the_headers_that_belong_there() {
        let message = formatted("Set another password", vec![]);
        let head = headers(&message);
        for header in [
            "From: \"Running Trainer\" <trainer@example.org>",
            "To: ann@example.org",
            "Subject: Set another password",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.org>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(head.contains(&header), "{header}: {head:#?}");
        }
        assert!(message.contains("multipart/alternative"), "{message}");
        assert!(message.contains("text/plain") && message.contains("text/html"), "{message}");
        assert!(message.is_ascii(), "no server has to know more than ASCII");
    }

    #[test]
    fn nobody_adds_a_header() {
        let hostile = "x\r\nBcc: eve@example.org\r\n\r\nbody\u{2028}\0";
        let attachment = Attachment {
            file_name: format!("plan.pdf\"{hostile}"),
            media_type: "application/pdf".to_owned(),
            bytes: b"%PDF".to_vec(),
        };
        let message = formatted(hostile, vec![attachment]);
        assert!(!message.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{message}");
        assert_eq!(headers(&message).len(), headers(&formatted("x", vec![])).len(), "{message}");

        for recipient in
            ["a@b.de\r\nRCPT TO:<eve@c.de>", "a@b.de>\r\nDATA", "a b@c.de", "", "a@b.de, c@d.de"]
        {
            let from: Sender = "trainer@example.org".parse().unwrap();
            let content = Content {
                subject: String::new(),
                text: String::new(),
                html: String::new(),
                attachments: vec![],
            };
            let refused = message_error(super::message(
                &from,
                MailId(Uuid::nil()),
                recipient,
                Utc::now(),
                content,
            ));
            assert!(matches!(refused, MessageError::Recipient), "{recipient:?}");
        }
        for sender in ["", "trainer", "a@b.de\r\nBcc: c@d.de", "\"x\r\ny\" <a@b.de>"] {
            assert!(sender.parse::<Sender>().is_err(), "{sender:?}");
        }
    }

    #[test]
    fn what_is_attached_goes_along() {
        let attachment = Attachment {
            file_name: "Übersicht.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: vec![0, 255, 13, 10, 46],
        };
        let message = formatted("Your plan", vec![attachment]);
        assert!(
            message.contains("multipart/mixed") && message.contains("application/pdf"),
            "{message}"
        );
        assert!(message.contains("AP8NCi4="), "{message}");
    }

    fn message_error(made: Result<Message, MessageError>) -> MessageError {
        made.err().unwrap()
    }
}
