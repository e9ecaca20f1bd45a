//! Values as XML.

use super::{Obj, Value};
use crate::schema::schema;
use crate::soap::Fault;
use crate::xml::escape;

/// Writes `value` as the element `name`, declared as `declared` (`anyType` where anything goes).
pub(crate) fn write_member(out: &mut String, name: &str, declared: &str, value: &Value) {
    let any = declared == "anyType";
    match value {
        Value::List(kind, items) if any => {
            out.push_str(&format!("<{name} xsi:type=\"ArrayOf{}\">", capital(kind)));
            let item_type = if *kind == "ManagedObjectReference" { "ManagedObject" } else { kind };
            for item in items {
                write_member(out, kind, item_type, item);
            }
            out.push_str(&format!("</{name}>"));
        }
        Value::List(_, items) => {
            for item in items {
                write_member(out, name, declared, item);
            }
        }
        Value::Obj(obj) => write_obj(out, name, declared, obj),
        Value::Fault(fault) => write_fault_member(out, name, any, fault),
        Value::Ref(r) => {
            let xsi = if any { " xsi:type=\"ManagedObjectReference\"" } else { "" };
            out.push_str(&format!("<{name} type=\"{}\"{xsi}>", r.kind));
            escape(out, &r.id);
            out.push_str(&format!("</{name}>"));
        }
        plain => write_plain(out, name, any, plain),
    }
}

fn capital(kind: &str) -> String {
    let mut chars = kind.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn write_plain(out: &mut String, name: &str, any: bool, value: &Value) {
    let (kind, text) = match value {
        Value::Str(v) => ("xsd:string", v.clone()),
        Value::Bool(v) => ("xsd:boolean", v.to_string()),
        Value::Short(v) => ("xsd:short", v.to_string()),
        Value::Int(v) => ("xsd:int", v.to_string()),
        Value::Long(v) => ("xsd:long", v.to_string()),
        Value::Time(v) => ("xsd:dateTime", v.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
        Value::Enum(kind, v) => (*kind, v.clone()),
        _ => return,
    };
    if any {
        out.push_str(&format!("<{name} xsi:type=\"{kind}\">"));
    } else {
        out.push_str(&format!("<{name}>"));
    }
    escape(out, &text);
    out.push_str(&format!("</{name}>"));
}

fn write_obj(out: &mut String, name: &str, declared: &str, obj: &Obj) {
    if obj.kind == declared {
        out.push_str(&format!("<{name}>"));
    } else {
        out.push_str(&format!("<{name} xsi:type=\"{}\">", obj.kind));
    }
    write_members(out, obj);
    out.push_str(&format!("</{name}>"));
}

fn write_members(out: &mut String, obj: &Obj) {
    let Some(ty) = schema().data.get(obj.kind) else { return };
    // `msg` is the localized message; it travels beside a fault, not in it.
    for member in ty.members.iter().filter(|m| m.name != "msg") {
        if let Some(value) = obj.get(member.name) {
            write_member(out, member.name, member.kind, value);
        }
    }
}

fn write_fault_member(out: &mut String, name: &str, any: bool, fault: &Fault) {
    let xsi = if any { " xsi:type=\"LocalizedMethodFault\"" } else { "" };
    out.push_str(&format!("<{name}{xsi}>"));
    write_obj(out, "fault", "MethodFault", &fault.detail);
    out.push_str("<localizedMessage>");
    escape(out, &fault.message);
    out.push_str(&format!("</localizedMessage></{name}>"));
}

/// Writes the detail of a SOAP fault.
pub(crate) fn write_detail(out: &mut String, fault: &Fault) {
    let kind = fault.detail.kind;
    out.push_str(&format!("<{kind}Fault xmlns=\"urn:vim25\" xsi:type=\"{kind}\">"));
    write_members(out, &fault.detail);
    out.push_str(&format!("</{kind}Fault>"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Ref;

    fn text(declared: &str, value: impl Into<Value>) -> String {
        let mut out = String::new();
        write_member(&mut out, "val", declared, &value.into());
        out
    }

    #[test]
    fn members_follow_the_schema_and_types_are_named_where_needed() {
        let backing = Obj::new("VirtualDiskFlatVer2BackingInfo")
            .set("changeId", "52 de/7")
            .choice("diskMode", "persistent")
            .set("fileName", "[a] b & c");
        let disk = Obj::new("VirtualDisk").set("capacityInKB", 64i64).set("backing", backing);
        assert_eq!(
            text("VirtualDevice", disk),
            "<val xsi:type=\"VirtualDisk\"><backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\">\
             <fileName>[a] b &amp; c</fileName><diskMode>persistent</diskMode>\
             <changeId>52 de/7</changeId></backing><capacityInKB>64</capacityInKB></val>"
        );
        assert_eq!(text("int", 4), "<val>4</val>");
        assert_eq!(text("anyType", 4), "<val xsi:type=\"xsd:int\">4</val>");
        assert_eq!(
            text("anyType", Value::refs([Ref::new("Task", "t-1")])),
            "<val xsi:type=\"ArrayOfManagedObjectReference\">\
             <ManagedObjectReference type=\"Task\">t-1</ManagedObjectReference></val>"
        );
        assert_eq!(
            text("anyType", Value::strings(["a"])),
            "<val xsi:type=\"ArrayOfString\"><string>a</string></val>"
        );
    }
}
