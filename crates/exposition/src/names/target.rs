//! Which target a resource is to Prometheus.

use std::borrow::Cow;

use sidelight_proto::views::Attributes;

use super::label_value;

/// The attributes of a resource that become `job` and `instance` and are not in `target_info` therefore.
pub const IDENTIFYING: [&str; 3] = ["service.namespace", "service.name", "service.instance.id"];

/// `job` and `instance` of a resource; empty where the resource does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// `service.namespace` and `service.name` with a `/` between them, or the name alone.
    pub job: String,
    /// `service.instance.id`.
    pub instance: String,
}

impl Target {
    /// Reads the attributes of a resource.
    pub fn of(resource: Attributes<'_>) -> Self {
        let [namespace, name, instance] =
            IDENTIFYING.map(|key| resource.get(key).map(label_value).unwrap_or_default());
        let job = match (name.is_empty(), namespace.is_empty()) {
            (true, _) => Cow::Borrowed(""),
            (false, true) => name,
            (false, false) => Cow::Owned(format!("{namespace}/{name}")),
        };
        Self {
            job: job.into_owned(),
            instance: instance.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::MetricsView;

    #[test]
    fn job_is_namespace_and_name_and_instance_the_id() {
        for (attributes, job, instance) in [
            (
                &[
                    ("service.name", "api"),
                    ("service.namespace", "shop"),
                    ("service.instance.id", "i-1"),
                ][..],
                "shop/api",
                "i-1",
            ),
            (&[("service.name", "api"), ("service.namespace", "")], "api", ""),
            (&[("service.namespace", "shop"), ("host.name", "h")], "", ""),
            (&[("service.instance.id", "i-1")], "", "i-1"),
        ] {
            let mut request = MetricsEncoder::with_capacity(64);
            {
                let mut metrics = request.resource_metrics();
                let mut resource = metrics.resource();
                for (key, value) in attributes {
                    resource.attribute(key, *value);
                }
            }
            let bytes = request.finish();
            let resource = MetricsView::new(&bytes)
                .resource_metrics()
                .next()
                .expect("one")
                .resource();
            let target = Target::of(resource.attributes());
            assert_eq!((target.job.as_str(), target.instance.as_str()), (job, instance));
        }
    }
}
