//! Templates into text and HTML. What is put into HTML is escaped; what a template asks for and is not given is an error.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::letter::Letter;

/// A letter as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A template does not fit its letter.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It asks for what is not there, or is no template.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// The text does not begin with `Subject: ` and an empty line.
    #[error("the text of {0} has no subject")]
    NoSubject(&'static str),
}

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),+]
    };
}

const TEMPLATES: [(&str, &str); 24] = templates![
    "layout.html",
    "layout.txt",
    "verify_email.txt",
    "verify_email.html",
    "address_taken.txt",
    "address_taken.html",
    "reset_password.txt",
    "reset_password.html",
    "password_changed.txt",
    "password_changed.html",
    "new_sign_in.txt",
    "new_sign_in.html",
    "confirm_new_email.txt",
    "confirm_new_email.html",
    "email_change_requested.txt",
    "email_change_requested.html",
    "email_changed.txt",
    "email_changed.html",
    "printed_plan.txt",
    "printed_plan.html",
    "coaching_invitation.txt",
    "coaching_invitation.html",
    "coaching_request.txt",
    "coaching_request.html",
];

/// By default a name that ends in `.html` makes for escaping, and one that ends in `.txt` does not.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).expect("a test has read all templates");
    }
    environment
});

/// Writes a letter.
pub(crate) fn write(letter: &Letter<'_>) -> Result<Written, RenderError> {
    let kind = letter.kind();
    let context = letter.context();
    let text = render(&format!("{kind}.txt"), &context)?;
    let html = render(&format!("{kind}.html"), &context)?;
    let (first, text) = text.split_once("\n\n").ok_or(RenderError::NoSubject(kind))?;
    let subject = first.strip_prefix("Subject: ").ok_or(RenderError::NoSubject(kind))?;
    Ok(Written { subject: subject.to_owned(), text: text.trim_start().to_owned(), html })
}

fn render(template: &str, context: &Value) -> Result<String, minijinja::Error> {
    ENVIRONMENT.get_template(template)?.render(context)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::letter::PlannedDay;

    const LINK: &str = "https://trainer.example/api/v1/auth/pages/reset-password#token=abc";
    const HOSTILE: &str =
        "<script>alert(1)</script>\r\nBcc: eve@example.org\n\n{{ 7 * 7 }} \"O'Neil\" & Co";

    fn all<'a>(name: Option<&'a str>, days: &'a [PlannedDay]) -> [Letter<'a>; 12] {
        let at = "2027-03-06T07:08:09Z".parse::<DateTime<Utc>>().unwrap();
        let athlete = name.unwrap_or("ann@example.org");
        [
            Letter::VerifyEmail { link: LINK, hours: 24 },
            Letter::AddressTaken { link: LINK },
            Letter::ResetPassword { name, link: LINK, minutes: 60 },
            Letter::PasswordChanged { name, at, link: LINK },
            Letter::NewSignIn { name, at, address: Some("192.0.2.7"), program: name, link: LINK },
            Letter::ConfirmNewEmail { link: LINK, hours: 24 },
            Letter::EmailChangeRequested { name, new_email: "ann@new.example" },
            Letter::EmailChanged { name, new_email: "ann@new.example", at },
            Letter::PrintedPlan { name, plan: "Spring", week: "Week 1 of 9", days },
            Letter::PrintedPlan { name, plan: "Spring", week: "Week 1 of 9", days: &[] },
            Letter::CoachingInvitation { athlete, scope: "plan", until: at, link: LINK },
            Letter::CoachingRequest { coach: athlete, scope: "full", until: at, link: LINK },
        ]
    }

    fn planned(workout: &str) -> PlannedDay {
        PlannedDay { day: "Monday 2 March".to_owned(), workout: workout.to_owned() }
    }

    #[test]
    fn every_letter_has_a_subject_a_text_and_a_page() {
        for name in [None, Some("Ann")] {
            for letter in all(name, &[planned("Easy hour")]) {
                let Written { subject, text, html } = write(&letter).unwrap();
                assert!((10..80).contains(&subject.len()), "{subject}");
                assert!(!subject.contains(['\n', '\r', '{', '<']), "{subject}");
                assert!(!text.contains(['<', '{']) && !text.contains("\n\n\n"), "{text}");
                assert!(html.starts_with("<!doctype html>") && !html.contains('{'), "{html}");
                assert!(html.contains("</html>"), "{html}");
                let says_name = text.contains("Hello Ann,") && html.contains("Hello Ann,");
                let takes_name = !letter.context().get_attr("name").unwrap().is_undefined();
                assert_eq!(says_name, takes_name && name.is_some(), "{text}");
            }
        }
    }

    #[test]
    fn a_hostile_name_is_text_on_one_line_and_nothing_else() {
        for letter in all(Some(HOSTILE), &[planned(HOSTILE)]) {
            let Written { subject, text, html } = write(&letter).unwrap();
            assert!(!html.contains("<script"), "{html}");
            assert!(!html.contains("O'Neil") && !html.contains("\"O"), "{html}");
            assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
            assert!(!subject.contains("Bcc") && !text.contains("49") && !html.contains("49"));
        }
        let at = DateTime::UNIX_EPOCH;
        let letter = Letter::PasswordChanged { name: Some(HOSTILE), at, link: LINK };
        let html = write(&letter).unwrap().html;
        assert!(html.contains("&lt;script&gt;alert(1)&lt;"), "{html}");
    }

    #[test]
    fn who_is_asked_reads_by_whom_for_what_and_how_long() {
        let until = "2027-03-06T07:08:09Z".parse::<DateTime<Utc>>().unwrap();
        for (scope, says) in [("view", "see your"), ("plan", "change your plans"), ("full", "runs")]
        {
            let (athlete, coach) = ("ann@example.org", "bea@example.org");
            let invitation = Letter::CoachingInvitation { athlete, scope, until, link: LINK };
            let request = Letter::CoachingRequest { coach, scope, until, link: LINK };
            for (letter, from, says) in [
                (invitation, athlete, says.replace("your", "their")),
                (request, coach, says.to_owned()),
            ] {
                let Written { text, html, .. } = write(&letter).unwrap();
                for said in [from, says.as_str(), "Saturday, 6 March 2027"] {
                    assert!(text.replace('\n', " ").contains(said), "{said}: {text}");
                    assert!(html.contains(said), "{said}: {html}");
                }
            }
        }
    }

    #[test]
    fn a_link_stays_what_it_is() {
        let written = write(&Letter::AddressTaken { link: LINK }).unwrap();
        assert!(written.text.lines().any(|line| line == LINK), "{}", written.text);
        assert!(
            written.html.contains(&format!("href=\"{}\"", LINK.replace('/', "&#x2f;"))),
            "{}",
            written.html
        );
    }
}
