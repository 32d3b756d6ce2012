//! Views are kept as they were saved, and no two are called the same.

use firebreak_core::view::{Column, Density, View};
use firebreak_core::{Timestamp, ViewId};
use firebreak_store::{Store, StoreError};

fn view(id: &str, name: &str) -> View {
    View {
        id: ViewId::new(id),
        name: name.to_owned(),
        query: "in:open severity:critical".to_owned(),
        columns: Some(vec![Column::Technique, Column::Age]),
        density: Some(Density::Roomy),
        saved_by: "ana".to_owned(),
        saved_at: Timestamp::UNIX_EPOCH,
    }
}

async fn put(store: &Store, view: &View) -> Result<(), StoreError> {
    let mut write = store.write().await.unwrap();
    write.put_view(view).await?;
    write.commit().await
}

#[tokio::test]
async fn a_view_is_kept_replaced_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("test.db")).await.unwrap();
    let first = view("view_1", "Night shift");
    let plain = View { columns: None, density: None, ..view("view_2", "all of prod") };
    put(&store, &first).await.unwrap();
    put(&store, &plain).await.unwrap();
    assert_eq!(store.views().await.unwrap(), [plain.clone(), first.clone()]);

    let taken = put(&store, &view("view_3", "NIGHT shift")).await.unwrap_err();
    assert!(matches!(taken, StoreError::Conflict { .. }), "{taken}");
    let renamed = View { name: "All of prod".to_owned(), query: String::new(), ..plain };
    put(&store, &renamed).await.unwrap();
    assert_eq!(store.views().await.unwrap(), [renamed.clone(), first.clone()]);

    let mut write = store.write().await.unwrap();
    write.delete_view(&first.id).await.unwrap();
    let again = write.delete_view(&first.id).await.unwrap_err();
    assert!(matches!(again, StoreError::Missing { .. }), "{again}");
    write.commit().await.unwrap();
    assert_eq!(store.views().await.unwrap(), [renamed]);
}
