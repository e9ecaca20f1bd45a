//! Checks a request against the schema, as strictly as a host does.

use super::{Member, Method, schema};
use crate::xml::{Element, VIM};

/// Types that no value has by itself: `xsi:type` must say which one is meant.
const ABSTRACT: [&str; 12] = [
    "anyType",
    "VirtualDevice",
    "VirtualController",
    "VirtualSCSIController",
    "VirtualEthernetCard",
    "VirtualDeviceBackingInfo",
    "VirtualDeviceFileBackingInfo",
    "VirtualDeviceDeviceBackingInfo",
    "ImportSpec",
    "SessionManagerServiceRequestSpec",
    "VirtualMachineBootOptionsBootableDevice",
    "VirtualDeviceBusSlotInfo",
];

/// Checks the parameters of a call. The error says what was wrong where.
pub(crate) fn check_call(method: &Method, call: &Element) -> Result<(), String> {
    let Some((this, rest)) = call.children.split_first() else {
        return Err(format!("{} has no _this", call.name));
    };
    if this.name != "_this" {
        return Err(format!("the first element of {} is {}, not _this", call.name, this.name));
    }
    check_members(&call.name, &method.params, rest)
}

fn check_members(owner: &str, members: &[Member], children: &[Element]) -> Result<(), String> {
    let mut next = 0;
    let mut repeats = false;
    for child in children {
        if child.ns != VIM {
            return Err(format!("{} in {owner} is not in the namespace {VIM}", child.name));
        }
        if repeats && members[next - 1].name == child.name {
            check_value(child, members[next - 1].kind)?;
            continue;
        }
        let Some(found) = members[next..].iter().position(|m| m.name == child.name) else {
            return Err(format!(
                "the element {} in {owner} is unknown, repeated or out of order",
                child.name
            ));
        };
        if let Some(skipped) = members[next..next + found].iter().find(|m| !m.optional) {
            return Err(missing(owner, skipped));
        }
        next += found + 1;
        repeats = members[next - 1].array;
        check_value(child, members[next - 1].kind)?;
    }
    match members[next..].iter().find(|m| !m.optional) {
        Some(skipped) => Err(missing(owner, skipped)),
        None => Ok(()),
    }
}

fn missing(owner: &str, member: &Member) -> String {
    format!("{owner} lacks its element {}", member.name)
}

fn check_value(value: &Element, declared: &'static str) -> Result<(), String> {
    let schema = schema();
    if let Some(kind) = primitive(declared) {
        return check_text(value, kind);
    }
    if let Some(values) = schema.enums.get(declared) {
        return if values.contains(&value.text.trim()) {
            Ok(())
        } else {
            Err(format!("{} is not a value of {declared} (in {})", value.text, value.name))
        };
    }
    if schema.objects.contains_key(declared) || declared == "ManagedObject" {
        return check_ref(value, declared);
    }
    if schema.is_a(declared, "MethodFault") {
        return Ok(());
    }
    check_object(value, declared)
}

fn check_ref(value: &Element, declared: &str) -> Result<(), String> {
    if value.text.trim().is_empty() || !value.children.is_empty() {
        return Err(format!("{} is not a reference to a {declared}", value.name));
    }
    match &value.type_attr {
        Some(ty) if schema().is_a(ty, declared) || declared == "ManagedObject" => Ok(()),
        Some(ty) => Err(format!("{} refers to a {ty}, not to a {declared}", value.name)),
        None => Err(format!("{} does not say what type it refers to", value.name)),
    }
}

fn check_object(value: &Element, declared: &'static str) -> Result<(), String> {
    let schema = schema();
    if value.xsi_type.is_none() && ABSTRACT.contains(&declared) {
        return Err(format!("{} needs xsi:type, since it is a {declared}", value.name));
    }
    if declared == "anyType" {
        return Ok(());
    }
    let actual = value.xsi_type.as_deref().unwrap_or(declared);
    if !schema.data.contains_key(declared) {
        // A part of the API the lab has no use for: taken as it comes.
        return Ok(());
    }
    let Some(ty) = schema.data.get(actual) else {
        return Err(format!("{} has the unknown type {actual}", value.name));
    };
    if !schema.is_a(actual, declared) {
        return Err(format!("{} is a {actual}, not a {declared}", value.name));
    }
    check_members(actual, &ty.members, &value.children)
}

/// The checks of plain values.
#[derive(Clone, Copy)]
enum Plain {
    Text,
    Bool,
    Number(i64, i64),
}

fn primitive(kind: &str) -> Option<Plain> {
    Some(match kind {
        "string" | "PropertyPath" | "TypeName" | "MethodName" | "anyURI" | "base64Binary"
        | "dateTime" | "double" | "float" => Plain::Text,
        "boolean" => Plain::Bool,
        "byte" => Plain::Number(-128, 127),
        "short" => Plain::Number(i64::from(i16::MIN), i64::from(i16::MAX)),
        "int" => Plain::Number(i64::from(i32::MIN), i64::from(i32::MAX)),
        "long" => Plain::Number(i64::MIN, i64::MAX),
        _ => return None,
    })
}

fn check_text(value: &Element, kind: Plain) -> Result<(), String> {
    let text = value.text.trim();
    let good = value.children.is_empty()
        && match kind {
            Plain::Text => true,
            Plain::Bool => matches!(text, "true" | "false" | "1" | "0"),
            Plain::Number(low, high) => {
                text.parse::<i64>().is_ok_and(|n| (low..=high).contains(&n))
            }
        };
    if good { Ok(()) } else { Err(format!("{text:?} is no value for {}", value.name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        let call = crate::xml::parse(text).unwrap();
        check_call(&schema().methods[call.name.as_str()], &call)
    }

    fn snapshot(inner: &str) -> Result<(), String> {
        check(&format!(
            r#"<CreateSnapshot_Task xmlns="urn:vim25"><_this type="VirtualMachine">1</_this>{inner}</CreateSnapshot_Task>"#
        ))
    }

    #[test]
    fn order_names_and_presence_are_strict() {
        assert_eq!(snapshot("<name>a</name><memory>false</memory><quiesce>0</quiesce>"), Ok(()));
        for bad in [
            "<memory>false</memory><name>a</name><quiesce>0</quiesce>",
            "<name>a</name><memory>false</memory>",
            "<name>a</name><memory>false</memory><quiesce>0</quiesce><more/>",
            "<name>a</name><name>b</name><memory>false</memory><quiesce>0</quiesce>",
            "<name>a</name><memory>maybe</memory><quiesce>0</quiesce>",
        ] {
            assert!(snapshot(bad).is_err(), "{bad} must be refused");
        }
    }

    #[test]
    fn polymorphic_values_need_their_type() {
        let call = |device: &str| {
            check(&format!(
                r#"<ReconfigVM_Task xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><_this type="VirtualMachine">1</_this><spec><deviceChange><operation>edit</operation>{device}</deviceChange></spec></ReconfigVM_Task>"#
            ))
        };
        let body = "<key>2000</key><capacityInKB>1024</capacityInKB>";
        assert_eq!(call(&format!(r#"<device xsi:type="VirtualDisk">{body}</device>"#)), Ok(()));
        assert!(call(&format!("<device>{body}</device>")).unwrap_err().contains("xsi:type"));
        assert!(call(&format!(r#"<device xsi:type="Nothing">{body}</device>"#)).is_err());
        assert!(call(&format!(r#"<device xsi:type="OptionValue">{body}</device>"#)).is_err());
    }
}
