use chrono::{DateTime, Utc};
use minijinja::{Value, context};

/// What there is to tell, and all that is said in it. Each has a template for plain text and one for HTML in `templates`.
///
/// A name is given only where the address belongs to whoever chose the name: else strangers could have us deliver texts
/// of theirs.
#[derive(Clone, Copy)]
pub enum Letter<'a> {
    /// To a new account's address: open the link to show that mail arrives.
    VerifyEmail {
        /// Opens the page that verifies the address.
        link: &'a str,
        /// How long it does.
        hours: i64,
    },
    /// To the owner of an address that somebody wanted to use for another account.
    AddressTaken {
        /// Opens the page on which a forgotten password is reset.
        link: &'a str,
    },
    /// To somebody who has forgotten their password.
    ResetPassword {
        /// What to call them.
        name: Option<&'a str>,
        /// Opens the page on which another password is set.
        link: &'a str,
        /// How long it does.
        minutes: i64,
    },
    /// To somebody whose password is another one now.
    PasswordChanged {
        /// What to call them.
        name: Option<&'a str>,
        /// When.
        at: DateTime<Utc>,
        /// Opens the page on which it can be reset.
        link: &'a str,
    },
    /// To somebody whose account was signed in to from where it never was before.
    NewSignIn {
        /// What to call them.
        name: Option<&'a str>,
        /// When.
        at: DateTime<Utc>,
        /// From which address.
        address: Option<&'a str>,
        /// What the program said it is.
        program: Option<&'a str>,
        /// Opens the page on which the password can be reset.
        link: &'a str,
    },
    /// To the address that an account is to have: open the link to make it so.
    ConfirmNewEmail {
        /// Opens the page that confirms the address.
        link: &'a str,
        /// How long it does.
        hours: i64,
    },
    /// To the address that an account still has.
    EmailChangeRequested {
        /// What to call them.
        name: Option<&'a str>,
        /// The address that it is to have.
        new_email: &'a str,
    },
    /// To the address that an account had.
    EmailChanged {
        /// What to call them.
        name: Option<&'a str>,
        /// The address that it has.
        new_email: &'a str,
        /// When.
        at: DateTime<Utc>,
    },
    /// To somebody who gets a plan on paper, which is attached.
    PrintedPlan {
        /// What to call them.
        name: Option<&'a str>,
        /// What the plan is called.
        plan: &'a str,
        /// Which week is told of.
        week: &'a str,
        /// What is to be done in it.
        days: &'a [PlannedDay],
    },
    /// To an address that an athlete has invited to coach them, whether or not it has an account.
    CoachingInvitation {
        /// The athlete's address, and no name: they could have us deliver a text of theirs.
        athlete: &'a str,
        /// What the coach may do: `view`, `plan` or `full`.
        scope: &'a str,
        /// When the invitation is void.
        until: DateTime<Utc>,
        /// Opens what it is answered with.
        link: &'a str,
    },
    /// To an address that a coach has asked for access, whether or not it has an account.
    CoachingRequest {
        /// The coach's address, and no name.
        coach: &'a str,
        /// What the coach may do: `view`, `plan` or `full`.
        scope: &'a str,
        /// When the request is void.
        until: DateTime<Utc>,
        /// Opens what it is answered with.
        link: &'a str,
    },
}

/// A workout of a week, in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDay {
    /// Its day.
    pub day: String,
    /// What is to be done.
    pub workout: String,
}

impl Letter<'_> {
    /// The name of its templates, and in the queue.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::AddressTaken { .. } => "address_taken",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::NewSignIn { .. } => "new_sign_in",
            Self::ConfirmNewEmail { .. } => "confirm_new_email",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::PrintedPlan { .. } => "printed_plan",
            Self::CoachingInvitation { .. } => "coaching_invitation",
            Self::CoachingRequest { .. } => "coaching_request",
        }
    }

    /// What its templates may speak of.
    pub(crate) fn context(&self) -> Value {
        match *self {
            Self::VerifyEmail { link, hours } | Self::ConfirmNewEmail { link, hours } => {
                context!(link, hours)
            }
            Self::AddressTaken { link } => context!(link),
            Self::ResetPassword { name, link, minutes } => {
                context!(name => line(name), link, minutes)
            }
            Self::PasswordChanged { name, at, link } => {
                context!(name => line(name), at => moment(at), link)
            }
            Self::NewSignIn { name, at, address, program, link } => context!(
                name => line(name), at => moment(at), address => line(address), program => line(program), link
            ),
            Self::EmailChangeRequested { name, new_email } => {
                context!(name => line(name), new_email)
            }
            Self::EmailChanged { name, new_email, at } => {
                context!(name => line(name), new_email, at => moment(at))
            }
            Self::PrintedPlan { name, plan, week, days } => {
                let day = |day: &PlannedDay| context!(day => line(Some(&day.day)), workout => line(Some(&day.workout)));
                let days: Vec<_> = days.iter().map(day).collect();
                context!(name => line(name), plan => line(Some(plan)), week, days)
            }
            Self::CoachingInvitation { athlete, scope, until, link } => {
                context!(athlete => line(Some(athlete)), scope, until => day(until), link)
            }
            Self::CoachingRequest { coach, scope, until, link } => {
                context!(coach => line(Some(coach)), scope, until => day(until), link)
            }
        }
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%A, %-d %B %Y, %H:%M UTC").to_string()
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%A, %-d %B %Y").to_string()
}

/// Text of somebody else's on one line, so that it cannot pass for a paragraph of ours.
fn line(text: Option<&str>) -> Option<String> {
    let is_gap = |c: char| c.is_control() || c.is_whitespace();
    text.map(|text| {
        text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    })
}
