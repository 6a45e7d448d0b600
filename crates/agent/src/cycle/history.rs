//! What the whole window tells about each request: counted once over all rows, oldest first, our own user left out.

use std::collections::{HashMap, HashSet, VecDeque};

use super::spool::{SlimStatus, Spool};

const DAY: i64 = 24 * 60 * 60;
/// No row, no team.
pub(super) const NONE: u32 = u32::MAX;

/// The window, counted.
#[derive(Debug)]
pub(super) struct History {
    /// By row.
    rows: Vec<Told>,
    /// By requester.
    counts: Vec<u32>,
    /// For each count, how many people asked at least that often; by the sorted counts.
    sorted: Vec<u32>,
}

/// What is known of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Requests by the person in the busiest 24 hours that this one is in.
    pub(super) in_a_day: u32,
    /// Whether the person asked before, and never for this asset.
    pub(super) first_on_asset: bool,
    /// Whether the team asked before, and never for this asset; `None` without a team.
    pub(super) first_of_team: Option<bool>,
    /// Row of an earlier request by somebody else with the same justification, or [`NONE`].
    pub(super) copied_from: u32,
    /// Row of an earlier, rejected request by the same person for the same asset, or [`NONE`].
    pub(super) rejected_before: u32,
}

impl History {
    /// Counts. `teams`: the number of the team of each requester, or [`NONE`]. `own`: the number of the agent's own user,
    /// or [`NONE`].
    pub(super) fn of(spool: &Spool, teams: &[u32], own: u32) -> Self {
        let mut order: Vec<u32> = (0..u32::try_from(spool.rows.len()).unwrap_or(NONE)).collect();
        let created = |number: &u32| spool.rows.get(*number as usize).map(|row| row.created);
        order.sort_by_key(|number| (created(number), *number));
        let mut seen = Seen::default();
        let nothing = Told {
            in_a_day: 0,
            first_on_asset: false,
            first_of_team: None,
            copied_from: NONE,
            rejected_before: NONE,
        };
        let mut rows = vec![nothing; spool.rows.len()];
        let mut days: HashMap<u32, Vec<(i64, u32)>> = HashMap::new();
        let mut counts = vec![0_u32; spool.requesters.len()];
        for number in order {
            let Some(row) = spool.rows.get(number as usize) else {
                continue;
            };
            if row.requester == own {
                continue;
            }
            if let Some(count) = counts.get_mut(row.requester as usize) {
                *count = count.saturating_add(1);
            }
            let team = teams.get(row.requester as usize).copied().unwrap_or(NONE);
            if let Some(told) = rows.get_mut(number as usize) {
                *told = seen.tell(row, team);
            }
            let day = days.entry(row.requester).or_default();
            day.push((row.created, number));
            // It counts until somebody approves a further request: filing twice washes nothing off.
            match row.status {
                SlimStatus::Rejected => {
                    seen.rejected.insert((row.requester, row.asset), number);
                }
                SlimStatus::Approved => {
                    seen.rejected.remove(&(row.requester, row.asset));
                }
                SlimStatus::Other => {}
            }
            if row.justification != 0 {
                let first = seen.justifications.entry(row.justification);
                first.or_insert((number, row.requester));
            }
        }
        for day in days.values() {
            for ((_, number), count) in day.iter().zip(busiest_days(day)) {
                if let Some(told) = rows.get_mut(*number as usize) {
                    told.in_a_day = count;
                }
            }
        }
        let mut sorted: Vec<u32> = counts.iter().copied().filter(|count| *count > 0).collect();
        sorted.sort_unstable();
        Self {
            rows,
            counts,
            sorted,
        }
    }

    pub(super) fn told(&self, row: usize) -> Option<Told> {
        self.rows.get(row).copied()
    }

    /// Requests by a person, how many others asked at least as often, and how many others asked at all.
    pub(super) fn frequency(&self, requester: u32) -> (u32, u32, u32) {
        let own = self.counts.get(requester as usize).copied().unwrap_or(0);
        let below = self.sorted.partition_point(|count| *count < own);
        let is_counted = usize::from(own > 0);
        let others = |count: usize| u32::try_from(count.saturating_sub(is_counted)).unwrap_or(NONE);
        (
            own,
            others(self.sorted.len().saturating_sub(below)),
            others(self.sorted.len()),
        )
    }
}

/// For each request of one person, oldest first, how many there are in the busiest 24 hours that it is in: the first of a
/// burst belongs to it as much as the last.
fn busiest_days(requests: &[(i64, u32)]) -> Vec<u32> {
    let mut begin = requests.iter().enumerate().peekable();
    let ends: Vec<(i64, u32)> = requests
        .iter()
        .enumerate()
        .map(|(number, (at, _))| {
            while begin
                .next_if(|(_, (first, _))| *first <= at - DAY)
                .is_some()
            {}
            let first = begin.peek().map_or(number, |(first, _)| *first);
            let count = number.saturating_sub(first).saturating_add(1);
            (*at, u32::try_from(count).unwrap_or(NONE))
        })
        .collect();
    // From the newest to the oldest; those that a busier and earlier end outlives are dropped, so the last is the busiest.
    let mut candidates: VecDeque<(i64, u32)> = VecDeque::new();
    let mut busiest: Vec<u32> = ends
        .iter()
        .rev()
        .map(|(at, count)| {
            while candidates.front().is_some_and(|(_, other)| other <= count) {
                candidates.pop_front();
            }
            candidates.push_front((*at, *count));
            while candidates.back().is_some_and(|(end, _)| *end >= at + DAY) {
                candidates.pop_back();
            }
            candidates.back().map_or(*count, |(_, most)| *most)
        })
        .collect();
    busiest.reverse();
    busiest
}

/// What came before the row in hand.
#[derive(Debug, Default)]
struct Seen {
    assets: HashSet<(u32, u32)>,
    people: HashSet<u32>,
    team_assets: HashSet<(u32, u32)>,
    teams: HashSet<u32>,
    justifications: HashMap<u64, (u32, u32)>,
    rejected: HashMap<(u32, u32), u32>,
}

impl Seen {
    fn tell(&mut self, row: &super::spool::Slim, team: u32) -> Told {
        let known = !self.people.insert(row.requester);
        let first = self.assets.insert((row.requester, row.asset));
        let first_of_team = (team != NONE).then(|| {
            let known = !self.teams.insert(team);
            self.team_assets.insert((team, row.asset)) && known
        });
        let copied = self.justifications.get(&row.justification);
        Told {
            in_a_day: 0,
            first_on_asset: known && first,
            first_of_team,
            copied_from: copied
                .filter(|(_, requester)| *requester != row.requester)
                .map_or(NONE, |(number, _)| *number),
            rejected_before: self
                .rejected
                .get(&(row.requester, row.asset))
                .copied()
                .unwrap_or(NONE),
        }
    }
}

#[cfg(test)]
mod tests {
    use decision::time::Timestamp;
    use decision::vault::{Status, WorkflowRequest};

    use super::*;

    /// Rows of hours, requester, asset, justification and status, newest first as the vault lists them.
    fn spool(rows: &[(i64, &str, &str, &str, Status)]) -> Spool {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path(), &[]).unwrap();
        for (hour, requester, asset, justification, status) in rows {
            let row = WorkflowRequest {
                id: format!("{hour}-{requester}"),
                created: Timestamp::from_seconds(hour * 3600),
                requester: (*requester).into(),
                asset: Some((*asset).into()),
                justification: (*justification).into(),
                status: status.clone(),
                ..WorkflowRequest::default()
            };
            spool.add(&row).unwrap();
        }
        spool.finish().unwrap();
        spool
    }

    #[test]
    fn all_of_a_burst_are_in_it() {
        const HOUR: i64 = 3_600;
        let days = |hours: &[i64]| {
            let requests: Vec<(i64, u32)> = hours.iter().map(|hour| (hour * HOUR, 0)).collect();
            busiest_days(&requests)
        };
        assert!(days(&[]).is_empty());
        assert_eq!(days(&[0, 1, 2, 3]), [4, 4, 4, 4]);
        assert_eq!(days(&[0, 24, 48]), [1, 1, 1], "a day later is another day");
        assert_eq!(days(&[0, 20, 40, 41, 42, 90]), [2, 4, 4, 4, 4, 1]);
        // Against every window, one by one.
        let mut seed = 7_u64;
        for _ in 0..200 {
            let mut hours: Vec<i64> = (0..20)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    i64::try_from(seed >> 33).unwrap() % 100
                })
                .collect();
            hours.sort_unstable();
            let plain = hours.iter().map(|own| {
                let windows = hours.iter().filter(|end| (*own..own + 24).contains(end));
                let counts = windows.map(|end| {
                    let inside = hours.iter().filter(|at| (end - 23..=*end).contains(at));
                    u32::try_from(inside.count()).unwrap()
                });
                counts.max().unwrap()
            });
            assert_eq!(days(&hours), plain.collect::<Vec<_>>(), "{hours:?}");
        }
    }

    #[test]
    fn counted_by_hand() {
        let reason = "Check the nightly build of the importer";
        let spool = spool(&[
            (
                50,
                "engineer-1",
                "a",
                "Look at the log of the build",
                Status::Active,
            ),
            (30, "engineer-2", "b", reason, Status::Active),
            (29, "agent", "a", reason, Status::Active),
            (20, "engineer-1", "b", reason, Status::Active),
            (
                10,
                "engineer-1",
                "a",
                "Look at the disk of the build",
                Status::Rejected,
            ),
        ]);
        let own = spool
            .requesters
            .iter()
            .position(|name| name == "agent")
            .unwrap();
        let teams = [7, 7, NONE, NONE];
        let history = History::of(&spool, &teams, u32::try_from(own).unwrap());
        let told = |row| history.told(row).unwrap();
        assert_eq!(told(4).in_a_day, 2);
        assert!(!told(4).first_on_asset, "nothing came before");
        assert_eq!(told(3).in_a_day, 2);
        assert!(told(3).first_on_asset);
        assert_eq!(told(3).first_of_team, Some(true));
        assert_eq!(told(1).copied_from, 3);
        assert_eq!(told(1).first_of_team, Some(false));
        assert_eq!(told(0).rejected_before, 4);
        assert_eq!(told(0).in_a_day, 1, "the day before is over");
        assert_eq!(told(2).in_a_day, 0, "our own user is in no baseline");
        let by_name = |name: &str| {
            let number = spool.requesters.iter().position(|own| own == name);
            history.frequency(u32::try_from(number.unwrap()).unwrap())
        };
        assert_eq!(by_name("engineer-1"), (3, 0, 1));
        assert_eq!(by_name("engineer-2"), (1, 1, 1));
        assert_eq!(by_name("agent").0, 0);
    }
}
