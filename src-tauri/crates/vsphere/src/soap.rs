//! Envelopes: wrapping a request, and telling an answer from a fault.

use crate::Fault;
use crate::error::ReplyError;
use crate::refs::MoRef;
use crate::xml::{self, Node, XmlWriter};

/// The newest interface version this client was tested with.
const TESTED: ApiVersion = ApiVersion([8, 0, 3, 0]);

/// A version of the interface, such as 8.0.3.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ApiVersion([u32; 4]);

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = [0; 4];
        let mut count = 0;
        for piece in text.split('.') {
            *parts.get_mut(count)? = piece.parse().ok()?;
            count += 1;
        }
        (count >= 2).then_some(Self(parts))
    }

    /// Returns the version to speak with a server: as new as both sides know.
    ///
    /// A version too low hides types, one too high brings types nobody here knows.
    pub(crate) fn negotiate(offered: &str) -> Option<String> {
        let offer = Self::parse(offered)?;
        Some(if offer <= TESTED { offered.to_owned() } else { TESTED.to_string() })
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, update, patch] = self.0;
        write!(f, "{major}.{minor}.{update}.{patch}")
    }
}

/// Reads the list of interfaces a server offers and returns the version to use.
pub(crate) fn offered_version(document: &str) -> Option<String> {
    let root = xml::parse(document).ok()?;
    let namespace = root.all("namespace").find(|n| n.text_at("name") == Some("urn:vim25"))?;
    ApiVersion::negotiate(namespace.text_at("version")?)
}

/// Wraps one call into an envelope.
pub(crate) fn envelope(
    method: &str,
    this: &MoRef,
    arguments: impl FnOnce(&mut XmlWriter),
) -> String {
    let mut writer = XmlWriter::new();
    writer.mo("_this", this);
    arguments(&mut writer);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>\
         <{method} xmlns=\"urn:vim25\">{}</{method}></soapenv:Body></soapenv:Envelope>",
        writer.finish()
    )
}

/// What an answer holds.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The `…Response` element.
    Result(Node),
    /// The server refused.
    Fault(Fault),
}

/// Reads the answer to a call.
pub(crate) fn answer(text: &str) -> Result<Answer, ReplyError> {
    let mut root = xml::parse(text)?;
    if root.name != "Envelope" {
        return Err(ReplyError::Missing("its envelope"));
    }
    let place = root.children.iter().position(|child| child.name == "Body");
    let mut body = root.children.swap_remove(place.ok_or(ReplyError::Missing("its body"))?);
    let first = match body.children.len() {
        0 => return Err(ReplyError::Missing("its content")),
        _ => body.children.swap_remove(0),
    };
    if first.name == "Fault" {
        let message = first.text_at("faultstring").unwrap_or_default();
        let detail = first.child("detail").and_then(|detail| detail.children.first());
        return Ok(Answer::Fault(match detail {
            Some(detail) => Fault::from_node(detail, message),
            None => Fault { message: message.to_owned(), ..Fault::of("SoapFault") },
        }));
    }
    Ok(Answer::Result(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_newest_both_know() {
        assert_eq!(ApiVersion::negotiate("6.5").as_deref(), Some("6.5"));
        assert_eq!(ApiVersion::negotiate("8.0.1.0").as_deref(), Some("8.0.1.0"));
        assert_eq!(ApiVersion::negotiate("9.1.0.0").as_deref(), Some("8.0.3.0"));
        assert_eq!(ApiVersion::negotiate("eight"), None);
        assert_eq!(ApiVersion::negotiate("1.2.3.4.5"), None);
    }

    #[test]
    fn a_page_that_is_not_soap_is_not_an_answer() {
        assert!(answer("<html><body>Welcome</body></html>").is_err());
        assert!(answer("<Envelope><Body/></Envelope>").is_err());
        assert!(answer("not XML at all").is_err());
    }
}
