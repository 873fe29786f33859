//! The workflow of a CI system: its recipe with this project's suite and branch in it.

use crate::ci::System;
use crate::suite::model::Mode;

/// A workflow file, and what remains to be done by hand.
#[derive(Debug, PartialEq, Eq)]
pub struct Workflow {
    /// Path from the repository's root.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
    /// How the system gets to read it, where it does not by itself.
    pub include: Option<&'static str>,
    /// What the system has to be given.
    pub needs: &'static str,
}

struct Recipe {
    /// The file that the system reads, and the one to write where that is there already.
    paths: [&'static str; 2],
    text: &'static str,
    include: &'static str,
    needs: &'static str,
}

/// The workflow for a system; none for [`System::None`]. `suite` is the suite's path from the root,
/// `branch` the one that is released from. `main_file_exists` is asked with the path of the file
/// that the system reads.
pub fn workflow(
    system: System,
    suite: &str,
    branch: Option<&str>,
    main_file_exists: impl FnOnce(&str) -> bool,
) -> Option<Workflow> {
    let recipe = recipe(system)?;
    let [main, beside] = recipe.paths;
    let beside_it = main != beside && main_file_exists(main);
    let mut text = recipe.text.replace("cekura-gate.yml", suite);
    if let Some(branch) = branch.filter(|branch| is_plain(branch)) {
        text = text.replace("[main]", &format!("[{branch}]"));
        text = text.replace("\n    main:\n", &format!("\n    {branch}:\n"));
    }
    Some(Workflow {
        path: if beside_it { beside } else { main },
        text,
        include: beside_it.then_some(recipe.include),
        needs: recipe.needs,
    })
}

/// Whose preview actions start the agent of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Preview {
    /// A LiveKit worker in the job.
    Livekit,
    /// A deployment to Pipecat Cloud.
    Pipecat,
}

impl Preview {
    /// How the simulated caller reaches such an agent.
    pub const fn mode(self) -> Mode {
        match self {
            Self::Livekit => Mode::LivekitV2,
            Self::Pipecat => Mode::PipecatV2,
        }
    }

    /// What the workflow holds in the place of the user's own values.
    pub const fn placeholders(self) -> &'static str {
        match self {
            Self::Livekit => "agent_name_base and env",
            Self::Pipecat => "AGENT_NAME_BASE and secret_set",
        }
    }
}

/// The workflow that starts the agent of a pull request, gates it and stops it. `suite` is the
/// suite's path from the root.
pub fn preview_workflow(preview: Preview, suite: &str) -> Workflow {
    let (text, needs) = match preview {
        Preview::Livekit => (
            include_str!("../../examples/workflows/github/preview-livekit.yml"),
            "the repository's secrets CEKURA_API_KEY, LIVEKIT_URL, LIVEKIT_API_KEY and \
             LIVEKIT_API_SECRET, and the label cekura-test: gh label create cekura-test",
        ),
        Preview::Pipecat => (
            include_str!("../../examples/workflows/github/preview-pipecat.yml"),
            "the repository's secrets CEKURA_API_KEY and PIPECAT_CLOUD_API_KEY, and the label \
             cekura-test: gh label create cekura-test",
        ),
    };
    Workflow {
        path: ".github/workflows/cekura-preview.yml",
        text: text.replace("cekura-gate.yml", suite),
        include: None,
        needs,
    }
}

/// Whether a path or a name can stand in a script and in YAML as it is.
pub fn is_plain(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.') && text.chars().all(sign)
}

const fn recipe(system: System) -> Option<Recipe> {
    Some(match system {
        System::Github => Recipe {
            paths: [".github/workflows/cekura-gate.yml"; 2],
            text: include_str!("../../examples/workflows/github/gate.yml"),
            include: "",
            needs: "the repository's secret CEKURA_API_KEY",
        },
        System::Gitlab => Recipe {
            paths: [".gitlab-ci.yml", ".gitlab/cekura-gate.yml"],
            text: include_str!("../../examples/workflows/gitlab/without-component.gitlab-ci.yml"),
            include: "add to .gitlab-ci.yml: include: [{ local: .gitlab/cekura-gate.yml }]",
            needs: "the masked variable CEKURA_API_KEY, and CEKURA_GATE_IMAGE, an image with cekura-gate",
        },
        System::Jenkins => Recipe {
            paths: ["Jenkinsfile", "Jenkinsfile.cekura-gate"],
            text: include_str!("../../examples/workflows/jenkins/Jenkinsfile"),
            include: "make a pipeline job with the script path Jenkinsfile.cekura-gate, or take its stage and \
                      its post into your Jenkinsfile",
            needs: "the credential cekura-api-key (secret text), and cekura-gate in the agent's PATH",
        },
        System::Azure => Recipe {
            paths: ["azure-pipelines.yml", "azure-pipelines.cekura-gate.yml"],
            text: include_str!("../../examples/workflows/azure/azure-pipelines.yml"),
            include: "make a pipeline of azure-pipelines.cekura-gate.yml, or take its job into yours",
            needs: "the secret variable CEKURA_API_KEY, and cekura-gate in the agent's PATH",
        },
        System::Circleci => Recipe {
            paths: [".circleci/config.yml", ".circleci/cekura-gate.yml"],
            text: include_str!("../../examples/workflows/circleci/config.yml"),
            include: "CircleCI reads one file: take the job and the workflow into .circleci/config.yml",
            needs: "a context `cekura` with CEKURA_API_KEY, and your image with cekura-gate in the job",
        },
        System::Buildkite => Recipe {
            paths: [".buildkite/pipeline.yml", ".buildkite/cekura-gate.yml"],
            text: include_str!("../../examples/workflows/buildkite/pipeline.yml"),
            include: "add a step: buildkite-agent pipeline upload .buildkite/cekura-gate.yml",
            needs: "CEKURA_API_KEY from the agent's secrets, and cekura-gate in its PATH",
        },
        System::Bitbucket => Recipe {
            paths: ["bitbucket-pipelines.yml", "bitbucket-pipelines.cekura-gate.yml"],
            text: include_str!("../../examples/workflows/bitbucket/bitbucket-pipelines.yml"),
            include: "Bitbucket reads one file: take the step into bitbucket-pipelines.yml",
            needs: "the secured variable CEKURA_API_KEY, and your image with cekura-gate in the file",
        },
        System::None => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_a_recipe_that_runs_the_suite() {
        for system in System::ALL {
            let made = workflow(system, "bots/mia/gate.yml", Some("trunk"), |_| false).unwrap();
            assert!(made.text.contains("bots/mia/gate.yml"), "{system:?}");
            assert!(!made.text.contains("cekura-gate.yml"), "{system:?}: {}", made.text);
            assert!(!made.text.contains("main"), "{system:?}: {}", made.text);
            assert_eq!(made.include, None);
        }
        assert_eq!(workflow(System::None, "gate.yml", None, |_| false), None);
    }

    #[test]
    fn a_preview_runs_the_suite_and_nothing_else_of_that_name() {
        for preview in [Preview::Livekit, Preview::Pipecat] {
            let made = preview_workflow(preview, "bots/mia/gate.yml");
            assert!(made.text.contains("suite: bots/mia/gate.yml"), "{}", made.text);
            assert!(!made.text.contains("cekura-gate.yml"), "{}", made.text);
            let mode = format!("execution_mode: {}\n", preview.mode().name());
            assert!(made.text.contains(&mode), "{}", made.text);
        }
    }

    #[test]
    fn a_file_that_the_system_reads_already_is_left_alone() {
        for system in System::ALL {
            let alone = workflow(system, "cekura-gate.yml", None, |_| false).unwrap();
            let beside =
                workflow(system, "cekura-gate.yml", None, |path| path == alone.path).unwrap();
            assert_eq!(system == System::Github, beside.path == alone.path, "{system:?}");
            assert_eq!(system == System::Github, beside.include.is_none(), "{system:?}");
        }
    }

    #[test]
    fn a_branch_that_is_no_plain_word_is_not_put_into_yaml() {
        let made =
            |branch| workflow(System::Azure, "gate.yml", Some(branch), |_| false).unwrap().text;
        for branch in ["x]\nsteps: [", "-x", "a b", "$(x)", ""] {
            assert!(made(branch).contains("include: [main]"), "{branch}");
        }
        assert!(made("release/2.x").contains("include: [release/2.x]"));
    }
}
