//! Forgetting what pages no longer have.

use super::state::SeriesState;

/// So many series that are gone are kept without ado.
const FEW: usize = 64;

impl SeriesState {
    /// Forgets series that are gone once they are more than half as many as those that are there; their ends are marked
    /// already. Costs a walk over everything, which the number of those that went pays for.
    pub(super) fn sweep(&mut self) {
        let is_live = |seen: u32| seen == self.scrape;
        let live = self.entries.iter().filter(|entry| is_live(entry.seen)).count();
        if self.entries.len() - live <= FEW + live / 2 {
            return;
        }
        let alive: Vec<bool> = self.entries.iter().map(|entry| is_live(entry.seen)).collect();
        let moved = compact(&mut self.entries, &alive);
        self.by_key.retain(|_, at| match moved.get(*at as usize) {
            Some(&to) if alive[*at as usize] => {
                *at = to;
                true
            }
            _ => false,
        });
        self.sweep_points();
        // Numbers have moved, and families are to be declared again.
        self.sequence.clear();
        self.recount();
    }

    fn sweep_points(&mut self) {
        let metrics = &mut self.metrics;
        let mut alive = vec![false; metrics.points.len()];
        let entries = self.entries.iter().filter(|entry| entry.part.has_point());
        entries.for_each(|entry| alive[entry.point as usize] = true);
        let points = compact(&mut metrics.points, &alive);
        for entry in self.entries.iter_mut().filter(|entry| entry.part.has_point()) {
            entry.point = points[entry.point as usize];
        }
        let mut alive = vec![false; metrics.metrics.len()];
        metrics
            .points
            .iter()
            .for_each(|point| alive[point.metric as usize] = true);
        let moved = compact(&mut metrics.metrics, &alive);
        metrics
            .points
            .iter_mut()
            .for_each(|point| point.metric = moved[point.metric as usize]);
        self.sweep_groups();
        self.sweep_families();
        self.metrics.index();
    }

    /// The first group, resource and scope stay: those of the target itself.
    fn sweep_groups(&mut self) {
        let metrics = &mut self.metrics;
        let mut alive = first_of(metrics.groups.len());
        metrics
            .metrics
            .iter()
            .for_each(|metric| alive[metric.group as usize] = true);
        let moved = compact(&mut metrics.groups, &alive);
        metrics
            .metrics
            .iter_mut()
            .for_each(|metric| metric.group = moved[metric.group as usize]);
        let places = &mut self.places;
        let (mut resources, mut scopes) = (first_of(places.resources.len()), first_of(places.scopes.len()));
        for group in &metrics.groups {
            resources[group.resource as usize] = true;
            scopes[group.scope as usize] = true;
        }
        let (resources, scopes) = places.compact(&resources, &scopes);
        for group in &mut metrics.groups {
            group.resource = resources[group.resource as usize];
            group.scope = scopes[group.scope as usize];
        }
    }

    fn sweep_families(&mut self) {
        let mut alive = vec![false; self.metadata.len()];
        self.metrics
            .metrics
            .iter()
            .for_each(|metric| alive[metric.family as usize] = true);
        let entries = self.entries.iter().filter(|entry| entry.part.has_point());
        entries.for_each(|entry| alive[entry.family as usize] = true);
        let moved = self.metadata.compact(&alive);
        for metric in &mut self.metrics.metrics {
            metric.family = moved[metric.family as usize];
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.part.has_point()) {
            entry.family = moved[entry.family as usize];
        }
    }
}

/// Only the first of so many.
fn first_of(count: usize) -> Vec<bool> {
    (0..count).map(|at| at == 0).collect()
}

/// Keeps the items for which `alive` says so, in their order. Returns the new number of each; of one that is gone it means
/// nothing.
pub(super) fn compact<T>(items: &mut Vec<T>, alive: &[bool]) -> Vec<u32> {
    let mut moved = Vec::with_capacity(alive.len());
    let mut next = 0;
    for is_alive in alive {
        moved.push(next);
        next += u32::from(*is_alive);
    }
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        alive.get(at - 1).copied().unwrap_or(false)
    });
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_keeps_its_order_and_is_found_by_its_new_number() {
        let mut items = vec!["a", "b", "c", "d"];
        let moved = compact(&mut items, &[false, true, false, true]);
        assert_eq!(items, ["b", "d"]);
        assert_eq!((items[moved[1] as usize], items[moved[3] as usize]), ("b", "d"));
    }
}
