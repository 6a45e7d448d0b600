//! What one finding alone costs.

use decision::findings::risk::RiskLevel;
use decision::findings::{FindingSet, Kind};
use decision::verdict::Ruling;

/// The one finding that keeps a request from being granted by itself; `None` when nothing or more than one thing does.
/// The level of risk is no thing of its own when that finding alone explains it.
pub(crate) fn only_blocker(ruling: &Ruling) -> Option<Kind> {
    let risk = FindingSet::of([Kind::RiskModerate, Kind::RiskHigh, Kind::RiskCritical]);
    let mut causes = ruling.findings.without(risk).iter();
    let Some(cause) = causes.next() else {
        // Points of the catalogue alone.
        return ruling.findings.iter().next();
    };
    let left = ruling
        .points
        .unexplained_by(ruling.findings, FindingSet::of([cause]));
    let is_explained = RiskLevel::of_points(left.sum()) == RiskLevel::Low
        && (cause == Kind::Conflict || RiskLevel::of_points(ruling.points.sum()) == ruling.risk);
    (causes.next().is_none() && (is_explained || ruling.findings.intersection(risk).is_empty()))
        .then_some(cause)
}
