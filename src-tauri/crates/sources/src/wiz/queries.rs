//! The GraphQL operations that are sent: reads, and apart from them what only the writer sends.
//!
//! Wiz publishes no schema; every field here is one that a public client of Wiz selects. Fields of
//! the same name but different types across `sourceRule`'s members are aliased, because GraphQL
//! does not merge them.

/// Issues whose status changed after a time, a page at a time.
pub const ISSUES: &str = r"query FirebreakIssues($filterBy: IssueFilters, $first: Int, $after: String, $orderBy: IssueOrder, $details: Boolean!) {
  issues: issuesV2(filterBy: $filterBy, first: $first, after: $after, orderBy: $orderBy) {
    nodes {
      id type status severity description createdAt updatedAt dueAt resolvedAt statusChangedAt resolutionReason
      sourceRule {
        __typename
        ... on Control { id name controlDescription: description resolutionRecommendation securitySubCategories { title category { name framework { name } } } }
        ... on CloudEventRule { id name cloudEventRuleDescription: description sourceType type securitySubCategories { title category { name framework { name } } } }
        ... on CloudConfigurationRule { id name cloudConfigurationRuleDescription: description remediationInstructions serviceType }
      }
      projects { id name slug businessUnit riskProfile { businessImpact } }
      entitySnapshot { id type nativeType name status cloudPlatform cloudProviderURL providerId externalId region resourceGroupExternalId subscriptionExternalId subscriptionName subscriptionTags tags }
      threatDetectionDetails @include(if: $details) {
        actors { ...ActorFields }
        resources { id name type nativeType externalId providerUniqueId }
        mainDetection { id startedAt severity description(format: MARKDOWN) primaryActor { ...ActorFields } ruleMatch { rule { id name securitySubCategories { title category { name framework { name } } } } } }
        detections(first: 10) { nodes { id startedAt severity description(format: MARKDOWN) actors { ...ActorFields } ruleMatch { rule { id name securitySubCategories { title category { name framework { name } } } } } triggeringEvents(first: 10) { nodes { ...EventFields } } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
fragment ActorFields on DetectionActor { id name type nativeType email userAgent externalId providerUniqueId accessKeyId friendlyName actingAs { id name type externalId providerUniqueId } }
fragment EventFields on CloudEvent { id description actorIP timestamp commandLine rawAuditLogRecord }";

/// Detections of Wiz Defend created after a time, a page at a time.
pub const DETECTIONS: &str = r"query FirebreakDetections($filterBy: DetectionFilters, $first: Int, $after: String, $orderBy: DetectionOrder) {
  detections(filterBy: $filterBy, first: $first, after: $after, orderBy: $orderBy) {
    nodes {
      id type origins severity createdAt updatedAt startedAt description(format: MARKDOWN)
      primaryResource { ...ResourceFields }
      resources { ...ResourceFields }
      primaryActor { ...ActorFields }
      actors { ...ActorFields }
      cloudAccounts { id name externalId cloudProvider }
      ruleMatch { rule { id name builtin securitySubCategories { title category { name framework { name } } } } }
      triggeringEvents(first: 50) { totalCount nodes { id description actorIP timestamp commandLine rawAuditLogRecord } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
fragment ResourceFields on DetectionResource { id name type nativeType externalId providerUniqueId region cloudAccount { id name externalId cloudProvider } }
fragment ActorFields on DetectionActor { id name type nativeType email userAgent externalId providerUniqueId accessKeyId friendlyName actingAs { id name type externalId providerUniqueId } }";

/// The graph query that Wiz itself would run to show an issue's evidence.
pub const ISSUE_EVIDENCE: &str = r"query FirebreakIssueEvidence($filterBy: IssueFilters, $first: Int) {
  issues: issuesV2(filterBy: $filterBy, first: $first) { nodes { id evidenceQuery } }
}";

/// A search of the security graph with exposure and lateral movement.
pub const GRAPH: &str = r#"query FirebreakGraph($query: GraphEntityQueryInput, $first: Int) {
  graphSearch(query: $query, projectId: "*", first: $first, quick: true) {
    nodes {
      entities {
        id name type properties providerUniqueId
        userMetadata { isInWatchlist }
        projects { id name riskProfile { businessImpact } }
        publicExposures(first: 10) { nodes { id portRange sourceIpRange destinationIpRange path { id name type properties } applicationEndpoints { id name type } } }
        lateralMovementPaths(first: 10) { nodes { id pathEntities { entity { id name type properties } } } }
      }
    }
  }
}"#;

/// Whether issues may be read.
pub const PROBE_ISSUES: &str =
    "query FirebreakProbeIssues { issues: issuesV2(first: 1) { nodes { id } } }";

/// Whether detections may be read.
pub const PROBE_DETECTIONS: &str =
    "query FirebreakProbeDetections { detections(first: 1) { nodes { id } } }";

/// Whether the graph may be searched.
pub const PROBE_GRAPH: &str = r#"query FirebreakProbeGraph($query: GraphEntityQueryInput) {
  graphSearch(query: $query, projectId: "*", first: 1, quick: true) { nodes { entities { id } } }
}"#;

/// How an issue stands, for whoever is about to write to it.
pub const ISSUE_STATE: &str = r"query FirebreakIssueState($filterBy: IssueFilters) {
  issues: issuesV2(filterBy: $filterBy, first: 1) { nodes { id type status notes { id text } } }
}";

/// Leaves a note on an issue.
pub const CREATE_NOTE: &str = r"mutation FirebreakCreateNote($input: CreateIssueNoteInput!) {
  createIssueNote(input: $input) { issueNote { id } }
}";

/// Sets an issue's status.
pub const UPDATE_ISSUE: &str = r"mutation FirebreakUpdateIssue($input: UpdateIssueInput!) {
  updateIssue(input: $input) { issue { id status } }
}";

/// What changes something, by name. Only the writer names these.
pub const WRITES: [(&str, &str); 2] =
    [("CREATE_NOTE", CREATE_NOTE), ("UPDATE_ISSUE", UPDATE_ISSUE)];

/// All reads, by name.
pub const ALL: [(&str, &str); 8] = [
    ("ISSUES", ISSUES),
    ("DETECTIONS", DETECTIONS),
    ("ISSUE_EVIDENCE", ISSUE_EVIDENCE),
    ("GRAPH", GRAPH),
    ("PROBE_ISSUES", PROBE_ISSUES),
    ("PROBE_DETECTIONS", PROBE_DETECTIONS),
    ("PROBE_GRAPH", PROBE_GRAPH),
    ("ISSUE_STATE", ISSUE_STATE),
];
