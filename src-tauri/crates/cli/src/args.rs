use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::containments::ContainmentCommand;
use crate::policy::PolicyCommand;

/// Contain cloud incidents from the terminal.
#[derive(Parser)]
#[command(name = "firebreakctl", version, about, max_term_width = 100)]
pub struct Arguments {
    /// The workspace's folder.
    #[arg(long, global = true, env = "FIREBREAK_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a workspace.
    Init {
        /// Configure it from a sandbox's ready file.
        #[arg(long, value_name = "FILE")]
        sandbox: Option<PathBuf>,
    },
    /// Alert sources.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Cloud accounts.
    #[command(subcommand)]
    Cloud(CloudCommand),
    /// The model.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Show the phase, or set it: 1 read-only triage, 2 recommended playbooks.
    Phase {
        /// 1 or 2.
        to: Option<u32>,
    },
    /// Show how the keychain is.
    Keychain {
        /// Ask the system to unlock it.
        #[arg(long)]
        unlock: bool,
    },
    /// Poll sources and ingest what is new.
    Poll {
        /// Only this source.
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// Poll to the end once (this is what poll does).
        #[arg(long)]
        once: bool,
    },
    /// Take alert payloads from files: one JSON value, an array, or JSON lines; - is standard input.
    Ingest {
        /// Whose format: wiz.
        #[arg(long)]
        vendor: String,
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// The queue.
    Incidents {
        #[command(subcommand)]
        command: Option<IncidentCommand>,
    },
    /// What an incident's asset is connected with, and why.
    Graph {
        /// `INC-12` or an id.
        id: String,
    },
    /// Propose a plan for an incident.
    Plan {
        /// `INC-12` or an id.
        id: String,
        /// `playbook` for the playbook alone; otherwise the configured model has its say.
        #[arg(long, value_name = "NAME")]
        planner: Option<String>,
    },
    /// One step of a plan.
    #[command(subcommand)]
    Step(StepCommand),
    /// What was changed in a cloud and is not undone: whose it is, until when, whether it still holds.
    Containments {
        #[command(subcommand)]
        command: Option<ContainmentCommand>,
    },
    /// Keep findings of a kind from becoming incidents, for a time.
    #[command(subcommand)]
    Suppress(SuppressCommand),
    /// Tell the sources of an incident what became of their alerts.
    #[command(subcommand)]
    WriteBack(WriteBackCommand),
    /// Policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Until when incidents are to be taken on and contained.
    Clocks {
        #[command(subcommand)]
        command: Option<ClockCommand>,
    },
    /// What burns, where it can spread, who works on what.
    Overview {
        /// Also what changed in this time, like 2h.
        #[arg(long, value_name = "AGE")]
        since: Option<String>,
        /// On one page, as a PDF into this file, which must not be there yet. Needs the workspace for
        /// itself: an export is recorded.
        #[arg(long, value_name = "FILE")]
        export: Option<PathBuf>,
    },
    /// Counts, and how the clocks were kept.
    Stats {
        /// Of how many days; 7 when absent.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// The whole job on a sandbox: poll, plan, approve, run, prove, undo, verify.
    Demo,
}

impl Command {
    /// Whether it needs the workspace for itself.
    pub fn changes(&self) -> bool {
        match self {
            Self::Graph { .. }
            | Self::Policy(_)
            | Self::Audit(_)
            | Self::Stats { .. }
            | Self::Overview { export: None, .. }
            | Self::Clocks { command: None | Some(ClockCommand::Show) }
            | Self::Containments { command: None | Some(ContainmentCommand::List { .. }) }
            | Self::Phase { to: None } => false,
            Self::Source(
                SourceCommand::List
                | SourceCommand::Vendors
                | SourceCommand::Preview { .. }
                | SourceCommand::Mappings { .. }
                | SourceCommand::Test { .. },
            )
            | Self::WriteBack(WriteBackCommand::List { .. })
            | Self::Suppress(
                SuppressCommand::Preview { .. }
                | SuppressCommand::List { .. }
                | SuppressCommand::Show { .. },
            )
            | Self::Cloud(CloudCommand::List | CloudCommand::Test { .. })
            | Self::Step(StepCommand::Show { .. })
            | Self::Keychain { unlock: false } => false,
            Self::Incidents { command } => !matches!(
                command,
                None | Some(
                    IncidentCommand::List(_)
                        | IncidentCommand::Show { .. }
                        | IncidentCommand::Raw { .. }
                        | IncidentCommand::Changes { .. }
                        | IncidentCommand::FalsePositives
                )
            ),
            _ => true,
        }
    }
}

#[derive(Subcommand)]
pub enum ClockCommand {
    /// Show the targets.
    Show,
    /// Promise something else for a severity; every running clock is set anew.
    Set {
        /// critical, high, medium, low, informational or unknown.
        severity: String,
        /// Until somebody took it on: 15m, 2h, 1d.
        #[arg(long, value_name = "AGE")]
        acknowledge: String,
        /// Until it is contained.
        #[arg(long, value_name = "AGE")]
        contain: String,
    },
}

#[derive(Subcommand)]
pub enum SourceCommand {
    /// Add a source; its secret is read from standard input or a prompt.
    Add {
        name: String,
        /// wiz; `source vendors` lists all of them.
        #[arg(long, default_value = "wiz")]
        vendor: String,
        /// Where its API is.
        #[arg(long)]
        api_url: Option<String>,
        /// Where its tokens come from, for vendors that have such a place.
        #[arg(long)]
        auth_url: Option<String>,
        /// Client id, access key id or key id: what is not the secret.
        #[arg(long)]
        client_id: Option<String>,
        /// Another field of the vendor's form; repeat for more.
        #[arg(long = "set", value_name = "FIELD=VALUE")]
        set: Vec<String>,
        /// For a queue with --set format=mapped: the file that says where in a message each field
        /// of a finding stands.
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
    },
    /// What a mapping makes of a message; needs no workspace and stores nothing.
    Preview {
        /// The mapping.
        #[arg(long, value_name = "FILE")]
        mapping: PathBuf,
        /// One message as the queue holds it; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        message: PathBuf,
    },
    /// Mappings to start from: lists them, or prints one.
    Mappings {
        /// Which to print.
        name: Option<String>,
        /// Prints a message of that shape instead.
        #[arg(long, requires = "name")]
        sample: bool,
    },
    /// What must be known to add a source of each vendor.
    Vendors,
    /// Stop polling for now.
    Pause { name: String },
    /// Poll again.
    Resume { name: String },
    /// Forget how far it was read; the next poll begins at the look-back again.
    Reset { name: String },
    /// Read older alerts, beside the poll.
    Backfill {
        name: String,
        /// How far back; without it an unfinished back-fill goes on.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Check address, credentials and scopes.
    Test { name: String },
    /// List sources with their health.
    List,
    /// Forget a source and its secret; its alerts stay.
    Remove { name: String },
}

#[derive(Subcommand)]
pub enum CloudCommand {
    /// Add an AWS account; secrets are read from standard input (read secret, then write secret, a
    /// line each) or prompts.
    Add {
        name: String,
        #[arg(long)]
        account_id: String,
        /// Repeat for more.
        #[arg(long = "region", required = true)]
        regions: Vec<String>,
        #[arg(long)]
        read_key_id: String,
        #[arg(long)]
        write_key_id: Option<String>,
        /// Role to assume for containment.
        #[arg(long)]
        role_arn: Option<String>,
        #[arg(long)]
        external_id: Option<String>,
        /// Another endpoint than AWS's own: a sandbox or a private endpoint.
        #[arg(long)]
        endpoint: Option<String>,
    },
    /// Check credentials and permissions.
    Test {
        name: String,
    },
    List,
    /// Forget an account and its secrets.
    Remove {
        name: String,
    },
}

#[derive(Subcommand)]
pub enum ModelCommand {
    /// Configure an OpenAI-compatible model; the key is read from standard input or a prompt.
    Set {
        /// Up to and including /v1.
        #[arg(long)]
        base_url: String,
        #[arg(long)]
        model: String,
        /// The server wants no key.
        #[arg(long)]
        no_key: bool,
    },
    Test,
    Remove,
}

#[derive(Subcommand)]
pub enum IncidentCommand {
    /// List the queue, most severe first.
    List(ListFilter),
    /// Everything about one.
    Show {
        id: String,
        /// As a Markdown document, for tickets and chat.
        #[arg(long)]
        markdown: bool,
    },
    /// The verbatim alert behind a finding.
    Raw { finding: String },
    /// Move one: triaged, closed, false_positive, new.
    State {
        id: String,
        to: String,
        #[arg(long, default_value = "")]
        reason: String,
        /// Of a false positive: expected_activity, test, rule_too_broad, missing_context,
        /// accepted_risk or wrong_data.
        #[arg(long)]
        cause: Option<String>,
    },
    /// Assign one to a person, `me`, or `nobody`.
    Assign { id: String, owner: String },
    /// Write a note into the timeline of one; - reads it from standard input.
    Note { id: String, text: String },
    /// Hand one to another person, with what is done and what is next.
    Handover {
        id: String,
        /// To whom.
        #[arg(long)]
        to: String,
        /// In Markdown; - reads it from standard input.
        #[arg(long)]
        note: String,
    },
    /// Say that you read what you must know of one that was handed to you.
    GotIt { id: String },
    /// Put one off for this long (30m, 4h, 2d), or until an RFC 3339 time; at most 30 days.
    Snooze { id: String, until: String },
    /// Let one that is put off stand as before.
    Wake { id: String },
    /// Move, assign or snooze every incident that a filter leaves, at most 10,000.
    Each {
        #[command(flatten)]
        filter: ListFilter,
        /// Move each to this state.
        #[arg(long, required_unless_present_any = ["assign", "snooze", "wake"])]
        #[arg(conflicts_with_all = ["assign", "snooze", "wake"])]
        to: Option<String>,
        #[arg(long, default_value = "")]
        reason: String,
        #[arg(long)]
        cause: Option<String>,
        /// Give each to a person, `me`, or `nobody`.
        #[arg(long, conflicts_with_all = ["snooze", "wake"])]
        assign: Option<String>,
        /// Put each off for this long (30m, 4h, 2d), or until an RFC 3339 time; at most 30 days.
        #[arg(long, value_name = "UNTIL", conflicts_with = "wake")]
        snooze: Option<String>,
        /// Let each that is put off stand as before.
        #[arg(long)]
        wake: bool,
    },
    /// Put the findings of others into one; they can be taken out again.
    Merge {
        into: String,
        #[arg(required = true)]
        others: Vec<String>,
    },
    /// Take incidents out of the one they were merged into.
    Unmerge {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Put findings of an incident into another, or into one of their own.
    Split {
        id: String,
        /// A finding's id; repeat for more.
        #[arg(long = "finding", required = true)]
        findings: Vec<String>,
        /// Into which; a new one when absent.
        #[arg(long)]
        into: Option<String>,
    },
    /// Take back what you changed last, or the change of this id.
    Undo { change: Option<String> },
    /// What was changed, newest first.
    Changes {
        /// 20 when absent.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Which rules were false positives, and why.
    FalsePositives,
}

/// Every filter narrows.
#[derive(Args, Default)]
pub struct ListFilter {
    /// Repeat for more.
    #[arg(long)]
    pub state: Vec<String>,
    /// Repeat for more.
    #[arg(long)]
    pub severity: Vec<String>,
    /// Words, or how words begin, of number, title, asset, account and technique.
    #[arg(long)]
    pub query: Option<String>,
    /// Id or name.
    #[arg(long)]
    pub account: Option<String>,
    /// A person, `me`, or `none`.
    #[arg(long)]
    pub owner: Option<String>,
    /// Opened within this time: 30m, 2h, 7d, 4w.
    #[arg(long, value_name = "AGE")]
    pub newer_than: Option<String>,
    /// Opened longer ago: 30m, 2h, 7d, 4w.
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,
    /// severity, or clock for what is due first.
    #[arg(long)]
    pub sort: Option<String>,
    /// 50 when absent.
    #[arg(long)]
    pub limit: Option<u32>,
    /// Cursor from the page before; goes on with the same filters.
    #[arg(long)]
    pub after: Option<String>,
}

#[derive(Subcommand)]
pub enum SuppressCommand {
    /// What a rule would have hidden of the last 30 days.
    Preview {
        #[command(flatten)]
        scope: ScopeArguments,
        /// The worst severity that it hides; what the scope covers at worst when absent.
        #[arg(long, value_name = "SEVERITY")]
        up_to: Option<String>,
    },
    /// Keep findings from becoming incidents. They are stored, and show when the rule ends.
    Add {
        #[command(flatten)]
        scope: ScopeArguments,
        /// The worst severity that it hides; what the scope covered at worst in the last 30 days when
        /// absent.
        #[arg(long, value_name = "SEVERITY")]
        up_to: Option<String>,
        #[arg(long)]
        reason: String,
        /// How long it holds: 12h, 7d, 4w, or until an RFC 3339 time; at most 365 days.
        #[arg(long = "for", value_name = "UNTIL", default_value = "30d")]
        until: String,
        /// Close the open incidents that hold nothing else, in the same change.
        #[arg(long)]
        close: bool,
    },
    /// The rules in force, soonest to expire first.
    List {
        /// Those that ended, too.
        #[arg(long)]
        all: bool,
    },
    /// The findings that a rule hides now.
    Show { id: String },
    /// Let a rule hold until another time: 12h, 7d, 4w from now, or an RFC 3339 time.
    Renew { id: String, until: String },
    /// End a rule. What it hid and is still open shows.
    End { id: String },
}

/// What a rule is for: all that is given must hold, and something must be given.
#[derive(Args)]
pub struct ScopeArguments {
    /// The source whose rule it is.
    #[arg(long, requires = "rule")]
    pub source: Option<String>,
    /// The source's id of the rule, or its name where it has none.
    #[arg(long, requires = "source")]
    pub rule: Option<String>,
    /// ARN or id of the asset.
    #[arg(long)]
    pub asset: Option<String>,
    /// Account id.
    #[arg(long)]
    pub account: Option<String>,
    /// A tag of the asset: a key, or key=value.
    #[arg(long)]
    pub tag: Option<String>,
}

#[derive(Subcommand)]
pub enum WriteBackCommand {
    /// Queue a comment, and a status if one is given, for every source of the incident; then carry
    /// out what is due.
    Ask {
        /// `INC-12` or an id.
        incident: String,
        /// in_progress, resolved, false_positive or reopened.
        #[arg(long)]
        status: Option<String>,
        #[arg(long)]
        comment: String,
    },
    /// What the sources were told, or are to be.
    List { incident: String },
    /// Carry out what is due.
    Send,
    /// Take back an order that waits.
    Withdraw { incident: String, order: String },
}

#[derive(Subcommand)]
pub enum StepCommand {
    /// Exact calls, undo, proof, policy, state.
    Show { id: String },
    /// Sign the digest of what would run, as read from the cloud just now; prints it.
    Approve {
        id: String,
        /// Sign the undo instead.
        #[arg(long)]
        undo: bool,
        /// Sign only if the digest is still this one.
        #[arg(long, value_name = "HEX")]
        digest: Option<String>,
    },
    /// Say no.
    Reject {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Run an approved step and wait for the proof.
    Run { id: String },
    /// Sign and run the undo of a step.
    Undo { id: String },
    /// Read the cloud to learn what an interrupted run did.
    Reconcile { id: String },
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check every record, signature and the copy kept outside the database.
    Verify,
    /// Print the log as JSON lines, oldest first, exactly the bytes that were hashed.
    Export,
    /// The newest records.
    Show {
        #[arg(long, default_value_t = 30)]
        limit: u32,
    },
}
