use chrono::{DateTime, Utc};

use crate::service::ServerKind;
use crate::xml::Node;

/// Edition of the free ESXi, whose licence refuses every change over the network.
const FREE_EDITION: &str = "esxBasic";
/// How the free licence is called where its edition is another: `VMware vSphere 8 Hypervisor`.
const FREE_NAME: &str = "Hypervisor";
/// Edition of a server that was given no licence yet.
const EVALUATION_EDITION: &str = "eval";

/// What the licences of a server say about backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenceVerdict {
    /// None was shown. The first change will tell.
    Unknown,
    /// Nothing speaks against backups.
    Allows {
        /// The licences, by name.
        names: Vec<String>,
    },
    /// The server is on trial and does everything until that ends.
    Evaluation {
        /// When it ends, where the server says so.
        ends: Option<DateTime<Utc>>,
    },
    /// The free ESXi: it can be looked at, and refuses every change.
    Free {
        /// The licence's name.
        name: String,
    },
}

/// Judges the `licenses` of a server.
pub(super) fn verdict(kind: ServerKind, licences: Option<&Node>) -> LicenceVerdict {
    let all = licences.map(|list| list.children.as_slice()).unwrap_or_default();
    let is_evaluation = |l: &Node| l.text_at("editionKey") == Some(EVALUATION_EDITION);
    let is_free = |l: &Node| {
        let edition = l.text_at("editionKey").unwrap_or_default();
        let name = l.text_at("name").unwrap_or_default();
        edition.starts_with(FREE_EDITION) || name.ends_with(FREE_NAME)
    };
    let name = |l: &Node| l.string_at("name");
    // A vCenter lists keys that lie in its store unused: a free host cannot be one of its own.
    let paid = |l: &&Node| !is_evaluation(l) && (kind == ServerKind::Vcenter || !is_free(l));
    let mut names: Vec<String> = all.iter().filter(paid).filter_map(name).collect();
    names.dedup();
    if !names.is_empty() {
        return LicenceVerdict::Allows { names };
    }
    if let Some(free) = all.iter().find(|l| !is_evaluation(l) && is_free(l)) {
        return LicenceVerdict::Free { name: name(free).unwrap_or_default() };
    }
    match all.iter().find(|l| is_evaluation(l)) {
        Some(evaluation) => LicenceVerdict::Evaluation { ends: end(evaluation) },
        None => LicenceVerdict::Unknown,
    }
}

/// Finds the end of an evaluation among `properties`.
pub(super) fn end(of: &Node) -> Option<DateTime<Utc>> {
    let mut dates = of.all("properties").filter(|p| p.text_at("key") == Some("expirationDate"));
    let text = dates.next()?.text_at("value")?;
    DateTime::parse_from_rfc3339(text).ok().map(|end| end.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licences(all: &[(&str, &str)]) -> Node {
        let one = |(edition, name): &(&str, &str)| {
            format!(
                "<LicenseManagerLicenseInfo><licenseKey>A</licenseKey>\
                 <editionKey>{edition}</editionKey><name>{name}</name>\
                 <properties><key>expirationHours</key><value>1440</value></properties>\
                 <properties><key>expirationDate</key><value>2026-12-24T10:00:00+01:00</value>\
                 </properties></LicenseManagerLicenseInfo>"
            )
        };
        let all: String = all.iter().map(one).collect();
        crate::xml::parse(&format!("<val>{all}</val>")).unwrap()
    }

    #[test]
    fn the_free_edition_is_recognised_by_edition_and_by_name() {
        for licence in [("esxBasic", "vSphere 8"), ("esx.other", "VMware vSphere 8 Hypervisor")] {
            let free = verdict(ServerKind::Esxi, Some(&licences(&[licence])));
            assert_eq!(free, LicenceVerdict::Free { name: licence.1.to_owned() });
        }
        let both = licences(&[("esxBasic", "Free"), ("esx.standard", "Standard")]);
        let names = vec!["Standard".to_owned()];
        let paid = LicenceVerdict::Allows { names };
        assert_eq!(verdict(ServerKind::Esxi, Some(&both)), paid, "a paid one is in force");
        let unused = licences(&[("esxBasic", "Free")]);
        assert!(matches!(
            verdict(ServerKind::Vcenter, Some(&unused)),
            LicenceVerdict::Allows { .. }
        ));
    }

    #[test]
    fn an_evaluation_ends() {
        let trial = licences(&[("eval", "Evaluation Mode")]);
        let ends = DateTime::parse_from_rfc3339("2026-12-24T09:00:00Z").unwrap().to_utc();
        let expected = LicenceVerdict::Evaluation { ends: Some(ends) };
        assert_eq!(verdict(ServerKind::Esxi, Some(&trial)), expected);
        let beside = licences(&[("eval", "Evaluation Mode"), ("vc.standard", "vCenter 8")]);
        assert!(
            matches!(verdict(ServerKind::Vcenter, Some(&beside)), LicenceVerdict::Allows { .. }),
            "a vCenter always lists its trial"
        );
        assert_eq!(verdict(ServerKind::Esxi, None), LicenceVerdict::Unknown);
    }
}
