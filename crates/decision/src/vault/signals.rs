//! What is unusual about a request: signals from the whole window, the points that each adds, and which of them hold back
//! an approval. Every point is printed.

use serde::{Deserialize, Serialize};

use crate::findings::risk::RiskPoints;
use crate::rules::class::ClassSet;

/// What the window tells about one request. Nothing here is read from what an analyst wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// Requests by this person in the window.
    pub requests: u32,
    /// Of them, those in the busiest 24 hours that this one is in.
    pub in_a_day: u32,
    /// How many other people asked at least as often.
    pub peers_as_often: u32,
    /// How many other people asked at all.
    pub peers: u32,
    /// Whether it was filed outside business hours; `None` when the hours are not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_hours: Option<bool>,
    /// When it was filed, on the requester's clock, such as `Sun 02:14`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_time: Option<String>,
    /// Whether the person asked for this asset for the first time, though they asked for others before.
    pub first_on_asset: bool,
    /// Whether nobody of their team asked for it before; `None` when the team is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_of_team: Option<bool>,
    /// How the justification reads.
    pub justification: Justification,
    /// An earlier request by somebody else with the same justification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<String>,
    /// A rejected request by the same person for the same asset, since which none was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_before: Option<String>,
    /// Whole days since it was filed.
    pub days_since_created: u32,
    /// Whole days since it was approved; `None` when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_since_approved: Option<u32>,
}

/// How much a justification says, by length alone: what it means is not ours to judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// Nothing.
    Missing,
    /// Fewer than three words, or fewer than twelve letters and digits. In scripts that put no spaces between words two
    /// letters count as a word.
    Thin,
    /// Enough to be read.
    #[default]
    Stated,
}

impl Justification {
    /// Judges a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        let letters = letters.take(12).count();
        let words: usize = text.split_whitespace().map(words_in).sum();
        match (letters, words) {
            (0, _) => Self::Missing,
            (1..12, _) | (_, 0..3) => Self::Thin,
            (_, _) => Self::Stated,
        }
    }
}

/// How many words stand between two spaces: one when it has a letter or a digit, or half as many as it has letters of a
/// script without spaces.
fn words_in(text: &str) -> usize {
    let letters = || text.chars().filter(|letter| letter.is_alphanumeric());
    // Digits and marks of repetition are no words, however many stand there.
    let is_word = |letter: &char| has_no_spaces(*letter) && !letter.is_numeric();
    let spaceless = letters().filter(is_word).count();
    usize::from(letters().next().is_some()).max(spaceless / 2)
}

/// Whether a letter is of a script that puts no spaces between words, by the blocks of Unicode 16.
fn has_no_spaces(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{eff}'        // Thai, Lao
        | '\u{1000}'..='\u{109f}'    // Myanmar
        | '\u{1780}'..='\u{17ff}'    // Khmer
        | '\u{3040}'..='\u{309c}'    // Hiragana
        | '\u{309f}'..='\u{30fb}'    // Katakana
        | '\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'    // Katakana
        | '\u{3400}'..='\u{4dbf}'    // Han
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff6f}'    // Katakana of half the width
        | '\u{ff71}'..='\u{ff9d}'
        | '\u{20000}'..='\u{3ffff}'  // Han, two planes
    )
}

macro_rules! anomalies {
    ($($(#[$doc:meta])* $name:ident $text:literal $points:literal $holds:literal;)*) => {
        /// What is unusual: the closed vocabulary of reports, mails and analysts, in the order of reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Anomaly { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Anomaly {
            /// Every anomaly.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in records and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The points that it adds to the risk. A class of danger adds those of the class instead.
            #[must_use]
            pub fn points(self) -> u8 {
                match self { $(Self::$name => $points,)* }
            }

            /// Whether it alone holds back an approval for this run.
            #[must_use]
            pub fn holds_back(self) -> bool {
                match self { $(Self::$name => $holds,)* }
            }
        }
    };
}

anomalies! {
    /// The asset belongs to a never-auto class. Its points are those of the class.
    SensitiveAsset "sensitive_asset" 0 true;
    /// More than thirty requests in a day.
    Flood "flood_of_requests" 30 true;
    /// More than ten requests in a day.
    Burst "burst_of_requests" 15 true;
    /// Filed outside business hours.
    OffHours "off_hours" 10 true;
    /// Asked again after a rejection.
    AskedAgain "asked_again_after_rejection" 20 true;
    /// The justification is that of an earlier request by somebody else.
    CopiedJustification "copied_justification" 15 true;
    /// No justification.
    NoJustification "no_justification" 15 true;
    /// A justification that says next to nothing.
    ThinJustification "thin_justification" 10 true;
    /// The first of a team to ask for this asset.
    FirstOfTeam "first_of_team" 10 true;
    /// The first time that this person asks for this asset.
    FirstOnAsset "first_time_on_asset" 5 false;
    /// Pending for longer than the limit.
    StalePending "stale_pending" 5 false;
    /// Approved for longer than the limit, and not closed.
    StaleApproved "stale_approved" 10 false;
}

impl Anomaly {
    /// The anomaly of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|anomaly| anomaly.name() == name)
    }
}

/// A set of anomalies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Anomalies(u16);

impl Anomalies {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// This set, and `anomaly` when `present`.
    #[must_use]
    pub fn with_if(self, present: bool, anomaly: Anomaly) -> Self {
        Self(self.0 | u16::from(present) << anomaly as u16)
    }

    /// Whether `anomaly` is in the set.
    #[must_use]
    pub fn contains(self, anomaly: Anomaly) -> bool {
        self.0 >> anomaly as u16 & 1 == 1
    }

    /// Whether nothing is unusual.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        let all = Anomaly::ALL.iter().copied();
        all.filter(move |anomaly| self.contains(*anomaly))
    }

    /// Points of these and of a danger class. The sum is at most 345.
    #[must_use]
    pub fn points(self, classes: ClassSet, privileged: bool) -> u16 {
        let own = self.iter().map(|anomaly| u16::from(anomaly.points()));
        RiskPoints::of_danger(classes, privileged)
            .sum()
            .saturating_add(own.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_justification_is_measured_not_understood() {
        let judged = [
            ("", Justification::Missing),
            (" \u{202e} -- !", Justification::Missing),
            ("asap", Justification::Thin),
            ("need it now", Justification::Thin),
            ("urgentlyneededaccess", Justification::Thin),
            ("Patch check after CHG-2207", Justification::Stated),
            // Chinese, Japanese, Thai, Lao, Khmer, Burmese: no spaces between words.
            (
                "需要登录构建服务器检查补丁并重启服务",
                Justification::Stated,
            ),
            (
                "定例メンテナンスのためビルドサーバに接続します",
                Justification::Stated,
            ),
            ("ｻｰﾊﾞｰﾉﾃｲｷﾃﾝｹﾝﾉﾀﾒ", Justification::Stated),
            ("ขอเข้าใช้เซิร์ฟเวอร์เพื่อติดตั้งแพตช์ประจำเดือน", Justification::Stated),
            ("ຂໍເຂົ້າໃຊ້ເຊີບເວີເພື່ອຕິດຕັ້ງແພັດ", Justification::Stated),
            ("ស្នើសុំចូលប្រើម៉ាស៊ីនមេដើម្បីពិនិត្យ", Justification::Stated),
            ("ဆာဗာကိုစစ်ဆေးရန်ဝင်ရောက်ခွင့်တောင်းခံသည်", Justification::Stated),
            ("CHG-2207 更新作業のため", Justification::Stated),
            ("至急お願いします", Justification::Thin),
            ("请批准", Justification::Thin),
            ("urgentlyneededaccess 更新", Justification::Thin),
            // Marks and digits alone are no words.
            ("ーーーーーーーーーーーーーー", Justification::Thin),
            ("ｰｰｰｰｰｰｰｰｰｰｰｰｰｰ", Justification::Thin),
            ("々々々々々々々々々々々々々々", Justification::Thin),
            ("〇〇〇〇〇〇〇〇〇〇〇〇〇〇", Justification::Thin),
            ("๑๑๑๑๑๑๑๑๑๑๑๑๑๑", Justification::Thin),
            // Korean has spaces.
            ("서버점검을위해접속이필요합니다", Justification::Thin),
            ("정기 점검을 위해 빌드 서버 접속", Justification::Stated),
        ];
        for (text, expected) in judged {
            assert_eq!(Justification::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_unique_and_fit_the_set() {
        for (number, anomaly) in Anomaly::ALL.iter().enumerate() {
            assert_eq!(*anomaly as usize, number);
            assert!(number < 16);
            assert_eq!(Anomaly::from_name(anomaly.name()), Some(*anomaly));
        }
    }
}
