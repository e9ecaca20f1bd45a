//! Amounts as an OVF writes them: a number and the unit beside it.

/// Returns an amount in bytes. Units are written `byte * 2^20`, `MegaBytes`, or not at all.
pub(super) fn bytes(amount: &str, unit: Option<&str>) -> Option<u64> {
    let amount: u64 = amount.trim().parse().ok()?;
    let unit = unit.unwrap_or("byte").trim();
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "byte" | "bytes" => 1,
        "kilobytes" => 1 << 10,
        "megabytes" | "mb" => 1 << 20,
        "gigabytes" | "gb" => 1 << 30,
        other => {
            let (base, power) =
                other.strip_prefix("byte")?.trim().strip_prefix('*')?.split_once('^')?;
            let (base, power): (u64, u32) = (base.trim().parse().ok()?, power.trim().parse().ok()?);
            base.checked_pow(power)?
        }
    };
    amount.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn amounts_become_bytes() {
        assert_eq!(bytes("8", Some("byte * 2^30")), Some(8 << 30));
        assert_eq!(bytes(" 512", Some("byte*2^20")), Some(512 << 20));
        assert_eq!(bytes("4", Some("MegaBytes")), Some(4 << 20));
        assert_eq!(bytes("4096", None), Some(4096));
        for (amount, unit) in
            [("x", "byte"), ("1", "acre"), ("1", "byte * 2^99"), ("9", "byte * 2")]
        {
            assert_eq!(bytes(amount, Some(unit)), None, "{amount} {unit}");
        }
    }
}
