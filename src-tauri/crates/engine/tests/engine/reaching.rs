//! How far an incident reaches, by what was said around all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use firebreak_core::asset::{Edge, Neighbour, Neighbourhood};
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Cursor, OutsideError, Page, RawAlert};
use firebreak_core::{AssetId, Timestamp};
use firebreak_engine::Reach;
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::world::{INSTANCE, World};

const ROLE: &str = "arn:aws:iam::123456789012:role/web";
const BUCKET: &str = "arn:aws:s3:::customer-exports";

/// Around the first finding it says what role the instance has, around the second what the role
/// reads, until that is over.
#[derive(Default)]
struct Saying {
    revoked: AtomicBool,
}

fn node(id: &str, name: &str, crown_jewel: bool) -> Neighbour {
    let (id, name, kind) = (AssetId::new(id), name.to_owned(), "thing".to_owned());
    Neighbour { id, name, kind, external: false, crown_jewel }
}

fn edge(from: &str, to: &str, kind: &str) -> Edge {
    Edge {
        from: AssetId::new(from),
        to: AssetId::new(to),
        kind: kind.to_owned(),
        reason: format!("{kind} says so"),
        source: "test-source".to_owned(),
    }
}

#[async_trait]
impl AlertSource for Saying {
    fn name(&self) -> &str {
        "test-source"
    }
    async fn poll(&self, _: Option<&Cursor>) -> Result<Page, OutsideError> {
        let alert = |line: &str| RawAlert { kind: "issue".into(), body: line.as_bytes().to_vec() };
        let alerts = vec![alert("a|high|new"), alert("b|low|new|on-2")];
        Ok(Page { alerts, cursor: Cursor("1".into()), more: false, seen_until: None })
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
    fn start_at(&self, _: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        if finding.draft.vendor_id == "a" {
            let edges = vec![edge(INSTANCE, ROLE, "can_assume")];
            return Ok(Neighbourhood { nodes: vec![node(ROLE, "web", false)], edges });
        }
        let edges = match self.revoked.load(Ordering::SeqCst) {
            true => Vec::new(),
            false => vec![edge(ROLE, BUCKET, "reads")],
        };
        Ok(Neighbourhood { nodes: vec![node(BUCKET, "customer-exports", true)], edges })
    }
}

async fn reach(world: &World) -> Reach {
    world.engine.reach(&[AssetId::new(INSTANCE)]).await.unwrap()
}

#[tokio::test]
async fn what_is_said_around_one_incident_shows_how_far_another_reaches() {
    let world = World::new().await;
    let mut write = world.engine.store().write().await.unwrap();
    write.add_source(&SourceRow::new("test-source", "test")).await.unwrap();
    write.commit().await.unwrap();
    let source = Arc::new(Saying::default());
    world.engine.set_source(source.clone());
    world.engine.poll("test-source", &CancellationToken::new()).await.unwrap();
    let first = world.engine.find_incident("INC-1").await.unwrap();
    let second = world.engine.find_incident("INC-2").await.unwrap();
    assert_eq!(reach(&world).await.radius.unknown, [AssetId::new(INSTANCE)]);

    world.engine.enrich(&first).await.unwrap();
    let near = reach(&world).await;
    assert_eq!((near.radius.assets(), near.radius.crown_jewels), (1, 0));
    world.engine.enrich(&second).await.unwrap();
    let far = reach(&world).await;
    assert_eq!((far.radius.by_hops.clone(), far.radius.crown_jewels), (vec![1, 1], 1));
    assert_eq!(far.radius.listed[0].asset.as_str(), BUCKET);
    let path: Vec<&str> =
        far.radius.path(&far.radius.listed[0]).map(|edge| edge.to.as_str()).collect();
    assert_eq!(path, [ROLE, BUCKET]);
    assert_eq!(far.named[&AssetId::new(BUCKET)].name, "customer-exports");

    let world = world.restarted().await;
    assert_eq!(reach(&world).await, far, "read from disk it is the same");

    world.engine.set_source(source.clone());
    source.revoked.store(true, Ordering::SeqCst);
    world.engine.enrich(&second).await.unwrap();
    let after = reach(&world).await;
    assert_eq!((after.radius.assets(), after.radius.crown_jewels), (1, 0), "it is said no more");
}
