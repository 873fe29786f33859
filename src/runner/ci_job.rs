//! Which CI job this is, so that a re-run of it can be told from everything else.
//!
//! Only systems that number a job's attempts are known here: there, an earlier attempt of the same
//! job can be told from an earlier step of the same attempt, which may have gated something else.

use crate::context::Context;
use crate::run_file::key_of;

/// A variable that stands for the job where its system is not known, or where the user wants to
/// say what belongs together.
const OWN: &str = "CEKURA_GATE_REUSE_KEY";

/// A CI job, over all its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// What all attempts share, and nothing else has: system, repository, run, job, commit.
    identity: Vec<String>,
    /// This attempt; none where the user's own key is the job.
    pub(crate) attempt: Option<String>,
}

/// A CI system: the variable that tells it, those that make a job, those that make an attempt.
struct System {
    told_by: &'static str,
    job: &'static [&'static str],
    /// Variables that not every job has.
    also: &'static [&'static str],
    attempt: &'static [&'static str],
}

const SYSTEMS: [System; 4] = [
    System {
        told_by: "GITHUB_ACTIONS",
        job: &["GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_JOB", "GITHUB_SHA"],
        // The step: a job may gate the same suite before and after a deployment.
        also: &["GITHUB_SERVER_URL", "GITHUB_ACTION"],
        attempt: &["GITHUB_RUN_ATTEMPT"],
    },
    System {
        told_by: "GITLAB_CI",
        job: &["CI_PROJECT_ID", "CI_PIPELINE_ID", "CI_JOB_NAME", "CI_COMMIT_SHA"],
        also: &["CI_SERVER_URL", "CI_NODE_INDEX"],
        attempt: &["CI_JOB_ID"],
    },
    System {
        told_by: "BUILDKITE",
        job: &["BUILDKITE_BUILD_ID", "BUILDKITE_STEP_ID", "BUILDKITE_COMMIT"],
        also: &["BUILDKITE_PARALLEL_JOB"],
        attempt: &["BUILDKITE_JOB_ID"],
    },
    System {
        told_by: "TF_BUILD",
        job: &["SYSTEM_TEAMPROJECTID", "BUILD_BUILDID", "SYSTEM_JOBNAME", "BUILD_SOURCEVERSION"],
        also: &["SYSTEM_COLLECTIONURI", "SYSTEM_STAGENAME", "SYSTEM_TASKINSTANCEID"],
        attempt: &["SYSTEM_STAGEATTEMPT", "SYSTEM_JOBATTEMPT"],
    },
];

impl Job {
    /// The job that this process is in, or in words why none is known.
    pub(crate) fn of(context: &Context) -> Result<Self, String> {
        if let Some(own) = context.var(OWN) {
            return Ok(Self { identity: vec![OWN.to_owned(), own.to_owned()], attempt: None });
        }
        let is_set =
            |name| context.var(name).is_some_and(|value| !value.eq_ignore_ascii_case("false"));
        let Some(system) = SYSTEMS.iter().find(|system| is_set(system.told_by)) else {
            return Err(format!(
                "--reuse resumes what an earlier attempt of the same CI job \
                 started, and this is not a CI job that it recognizes (GitHub Actions, GitLab CI, Buildkite, Azure Pipelines): \
                 set {OWN} to what the attempts have in common, such as the commit and the stage"
            ));
        };
        let mut identity = vec![system.told_by.to_owned()];
        for name in system.job {
            match context.var(name) {
                Some(value) => identity.push(value.to_owned()),
                None => {
                    return Err(format!(
                        "--reuse cannot find out which CI job this is: {name} is not set; set {OWN} \
                         instead"
                    ));
                }
            }
        }
        for name in system.also {
            identity.push(context.var(name).unwrap_or_default().to_owned());
        }
        let attempt: Vec<&str> =
            system.attempt.iter().filter_map(|name| context.var(name)).collect();
        if attempt.is_empty() {
            let names = system.attempt.join(" and ");
            return Err(format!(
                "--reuse cannot distinguish the attempts of this CI job: {names} is not set; set {OWN} \
                 instead"
            ));
        }
        let attempt = key_of(attempt).chars().take(4).collect();
        Ok(Self { identity, attempt: Some(attempt) })
    }

    /// The key of what this job asks for: the same in each attempt, and with anything else that is
    /// asked for another.
    pub(crate) fn key(&self, asked: &[String]) -> String {
        key_of(self.identity.iter().chain(asked).map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(pairs: &[(&str, &str)]) -> Result<Job, String> {
        Job::of(&Context::with_env(pairs))
    }

    const GITHUB: [(&str, &str); 6] = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "shop/bot"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_JOB", "gate"),
        ("GITHUB_SHA", "abc"),
        ("GITHUB_RUN_ATTEMPT", "1"),
    ];

    fn changed(name: &str, value: &str) -> Job {
        let pairs = GITHUB.map(|(key, old)| (key, if key == name { value } else { old }));
        job(&pairs).unwrap()
    }

    #[test]
    fn attempts_of_a_job_share_the_key_and_nothing_else_does() {
        let asked = ["request".to_owned()];
        let first = job(&GITHUB).unwrap();
        let again = changed("GITHUB_RUN_ATTEMPT", "2");
        assert_eq!(first.key(&asked), again.key(&asked));
        assert_ne!(first.attempt, again.attempt);
        for name in ["GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_JOB", "GITHUB_SHA"] {
            assert_ne!(first.key(&asked), changed(name, "other").key(&asked), "{name}");
        }
        assert_ne!(first.key(&asked), first.key(&["another".to_owned()]));
    }

    #[test]
    fn a_job_that_is_known_in_part_is_no_job() {
        let without = |left_out: &str| {
            let pairs: Vec<_> = GITHUB.into_iter().filter(|(key, _)| *key != left_out).collect();
            job(&pairs).unwrap_err()
        };
        assert!(without("GITHUB_SHA").contains("GITHUB_SHA is not set"));
        assert!(
            without("GITHUB_RUN_ATTEMPT").contains("attempts of this CI job: GITHUB_RUN_ATTEMPT")
        );
        assert!(without("GITHUB_ACTIONS").contains("CEKURA_GATE_REUSE_KEY"));
    }

    #[test]
    fn an_own_key_goes_before_the_system() {
        let mut pairs = GITHUB.to_vec();
        pairs.push(("CEKURA_GATE_REUSE_KEY", "leg 3"));
        assert_eq!(job(&pairs).unwrap().attempt, None);
    }
}
