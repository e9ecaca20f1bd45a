//! UUIDs in the orders in which systems write those of the firmware.

/// Returns the hexadecimal digits of a text in lower case, without anything between them.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect()
}

/// Reads 16 bytes from text in which anything may stand between the digits.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    let digits = plain(text);
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

/// Writes 16 bytes in groups, in lower case.
fn text(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Turns the bytes of the first three groups around, as newer firmware tables mean them.
fn swapped(mut bytes: [u8; 16]) -> [u8; 16] {
    for group in [0..4, 4..6, 6..8] {
        bytes[group].reverse();
    }
    bytes
}

/// Returns what the UUID of a VM may be: as it is, and with its first groups turned around.
pub(super) fn orders(known: impl IntoIterator<Item = [u8; 16]>) -> Vec<String> {
    let mut orders = Vec::new();
    for bytes in known {
        for order in [text(bytes), text(swapped(bytes))] {
            if !orders.contains(&order) {
                orders.push(order);
            }
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_are_known_and_the_serial_number_comes_first() {
        // Two texts of one VM: its serial number, and its UUID as Linux prints it.
        let serial = parse("VMware-56 4d b6 6e 34 5b 0e 3f-91 6b 95 3c 6e 9e 05 5d");
        assert_eq!(serial, None, "letters of the prefix are digits too");
        let serial = parse("56 4d b6 6e 34 5b 0e 3f-91 6b 95 3c 6e 9e 05 5d").unwrap();
        let printed = parse("6eb64d56-5b34-3f0e-916b-953c6e9e055d").unwrap();
        let orders = orders([serial, printed]);
        assert_eq!(
            orders,
            ["564db66e-345b-0e3f-916b-953c6e9e055d", "6eb64d56-5b34-3f0e-916b-953c6e9e055d"]
        );
        for bad in ["", "564d", "zz", &"a".repeat(33)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
