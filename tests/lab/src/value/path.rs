//! Property paths such as `config.hardware.device`.

use super::Value;
use crate::schema::{Member, schema};

/// The path names something that does not exist, as opposed to something that is unset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathError;

/// Follows the rest of a path from the value of its first part. `None` is unset.
pub(crate) fn descend(
    first: &Member,
    value: Option<Value>,
    rest: &[&str],
) -> Result<Option<Value>, PathError> {
    let mut declared = (first.kind, first.array);
    let mut value = value;
    for part in rest {
        let (name, key) = match part.split_once('[') {
            Some((name, key)) => (name, Some(key.trim_end_matches(']').trim_matches('"'))),
            None => (*part, None),
        };
        if declared.1 {
            // Nothing lies below a whole array.
            return Err(PathError);
        }
        let actual = match &value {
            Some(Value::Obj(obj)) => obj.kind,
            Some(_) => return Err(PathError),
            None => declared.0,
        };
        let member = schema().member(actual, name).ok_or(PathError)?;
        declared = (member.kind, member.array && key.is_none());
        value = match value {
            Some(Value::Obj(obj)) => obj.get(name).cloned(),
            _ => None,
        };
        if let (Some(key), Some(list)) = (key, value.take_if(|_| key.is_some())) {
            value = element(list, key);
        }
    }
    Ok(value)
}

fn element(list: Value, key: &str) -> Option<Value> {
    let Value::List(_, items) = list else { return None };
    items.into_iter().find(|item| match item {
        Value::Obj(obj) => match obj.get("key") {
            Some(Value::Int(k)) => k.to_string() == key,
            Some(Value::Str(k)) => k == key,
            _ => false,
        },
        Value::Ref(r) => r.id == key,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Obj;

    fn config() -> (&'static Member, Option<Value>) {
        let disk = Obj::new("VirtualDisk").set("key", 2000).set("capacityInKB", 1i64);
        let hardware =
            Obj::new("VirtualHardware").set("device", Value::list("VirtualDevice", [disk]));
        let config = Obj::new("VirtualMachineConfigInfo").set("hardware", hardware);
        (schema().property("VirtualMachine", "config").unwrap(), Some(config.into()))
    }

    #[test]
    fn unset_and_unknown_differ() {
        let (member, value) = config();
        let go = |path: &[&str]| descend(member, value.clone(), path);
        assert!(matches!(go(&["hardware", "device"]), Ok(Some(Value::List(..)))));
        assert_eq!(go(&["keyId"]), Ok(None));
        assert_eq!(go(&["files", "vmPathName"]), Ok(None));
        assert_eq!(go(&["nonsense"]), Err(PathError));
        assert_eq!(go(&["hardware", "nonsense"]), Err(PathError));
        assert_eq!(go(&["hardware", "device", "key"]), Err(PathError));
        assert_eq!(go(&["hardware", "device[2000]", "capacityInKB"]), Ok(Some(Value::Long(1))));
    }
}
