//! SOAP envelopes in and out.

use super::Fault;
use super::call::Reply;
use crate::schema::schema;
use crate::value::{write_detail, write_member};
use crate::xml::{self, Element, SOAP, VIM};

/// Returns the call inside an envelope.
pub(crate) fn open(body: &str) -> Result<Element, Fault> {
    let mut root = xml::parse(body).map_err(|e| {
        let cause = std::error::Error::source(&e).map(|c| format!(": {c}")).unwrap_or_default();
        Fault::invalid_request(format!("{e}{cause}"))
    })?;
    if root.name != "Envelope" || root.ns != SOAP {
        return Err(Fault::invalid_request("the root is not a SOAP 1.1 envelope"));
    }
    let at = root.children.iter().position(|c| c.name == "Body" && c.ns == SOAP);
    let mut soap_body = match at {
        Some(at) => root.children.swap_remove(at),
        None => return Err(Fault::invalid_request("the envelope has no body")),
    };
    if soap_body.children.len() != 1 {
        return Err(Fault::invalid_request("the body does not hold exactly one call"));
    }
    let call = soap_body.children.swap_remove(0);
    if call.ns != VIM {
        return Err(Fault::invalid_request(format!("{} is not in {VIM}", call.name)));
    }
    Ok(call)
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope \
    xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
    xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n<soapenv:Body>\n";
const TAIL: &str = "\n</soapenv:Body>\n</soapenv:Envelope>";

/// Writes an answer. `declared` is the type the method returns.
pub(crate) fn answer(method: &str, declared: &str, reply: &Reply) -> String {
    let mut out = format!("{HEAD}<{method}Response xmlns=\"urn:vim25\">");
    if let Reply::Value(value) | Reply::Login(value, _) = reply {
        write_member(&mut out, "returnval", declared.trim_end_matches('*'), value);
    }
    out.push_str(&format!("</{method}Response>{TAIL}"));
    out
}

/// Writes a fault.
pub(crate) fn fault(fault: &Fault) -> String {
    debug_assert!(schema().data.contains_key(fault.detail.kind));
    let mut out =
        format!("{HEAD}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>");
    xml::escape(&mut out, &fault.message);
    out.push_str("</faultstring><detail>");
    write_detail(&mut out, fault);
    out.push_str(&format!("</detail></soapenv:Fault>{TAIL}"));
    out
}
