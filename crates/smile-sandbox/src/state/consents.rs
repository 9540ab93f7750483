//! The consent sessions of BVN holders.

/// All sessions.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Consents(pub(crate) Vec<Session>);

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) id_number: String,
    pub(crate) is_sent: bool,
    pub(crate) is_granted: bool,
}

impl Consents {
    /// The number of a session, if its holder has consented.
    pub(crate) fn granted_number(&self, session_id: &str) -> Option<&str> {
        let session = self.0.iter().find(|session| session.id == session_id)?;
        session.is_granted.then_some(&session.id_number)
    }

    pub(crate) fn find(&mut self, session_id: &str) -> Option<&mut Session> {
        self.0.iter_mut().find(|session| session.id == session_id)
    }
}
