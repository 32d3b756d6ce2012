//! Settings, cloud accounts and markers of what the keychain should hold.

use firebreak_core::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// A cloud account as configured; its secrets are in the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudAccount {
    /// Chosen by a person.
    pub name: String,
    /// `aws`.
    pub provider: String,
    /// Twelve digits.
    pub account_id: String,
    /// Regions to read.
    pub regions: Vec<String>,
    /// Another endpoint than the vendor's: sandboxes and private endpoints.
    pub endpoint: Option<String>,
    /// Role to assume for containment.
    pub role_arn: Option<String>,
    /// Its external id.
    pub external_id: Option<String>,
    /// Access key id of the reading identity.
    pub read_key_id: String,
    /// Access key id of the writing identity, when one was given.
    pub write_key_id: Option<String>,
}

impl Write {
    /// Sets a setting.
    pub async fn put_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing a setting"))?;
        Ok(())
    }

    /// Forgets a setting.
    pub async fn delete_setting(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM setting WHERE name = ?1")
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting a setting"))?;
        Ok(())
    }

    /// Stores a cloud account.
    pub async fn put_cloud_account(&mut self, account: &CloudAccount) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO cloud_account (name, provider, account_id, regions, endpoint, role_arn, external_id,
               read_key_id, write_key_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (name) DO UPDATE SET provider = excluded.provider, account_id = excluded.account_id,
               regions = excluded.regions, endpoint = excluded.endpoint, role_arn = excluded.role_arn,
               external_id = excluded.external_id, read_key_id = excluded.read_key_id,
               write_key_id = excluded.write_key_id",
        )
        .bind(&account.name)
        .bind(&account.provider)
        .bind(&account.account_id)
        .bind(json_text(&account.regions))
        .bind(&account.endpoint)
        .bind(&account.role_arn)
        .bind(&account.external_id)
        .bind(&account.read_key_id)
        .bind(&account.write_key_id)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing a cloud account"))?;
        Ok(())
    }

    /// Forgets a cloud account.
    pub async fn delete_cloud_account(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM cloud_account WHERE name = ?1")
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting a cloud account"))?;
        Ok(())
    }

    /// Notes that the keychain holds a secret.
    pub async fn put_marker(&mut self, name: &str, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO credential_marker (name, stored_at) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET stored_at = excluded.stored_at",
        )
        .bind(name)
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("marking a credential"))?;
        Ok(())
    }

    /// Notes that the keychain no longer holds a secret.
    pub async fn delete_marker(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM credential_marker WHERE name = ?1")
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("unmarking a credential"))?;
        Ok(())
    }
}

impl Store {
    /// A setting.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM setting WHERE name = ?1")
            .bind(name)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a setting"))?;
        Ok(row.map(|row| row.get("value")))
    }

    /// All cloud accounts, by name.
    pub async fn cloud_accounts(&self) -> Result<Vec<CloudAccount>, StoreError> {
        let rows = sqlx::query("SELECT * FROM cloud_account ORDER BY name")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading cloud accounts"))?;
        rows.iter().map(cloud_account).collect()
    }

    /// Whether the keychain should hold a secret of this name.
    pub async fn is_marked(&self, name: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM credential_marker WHERE name = ?1")
            .bind(name)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a credential's marker"))?;
        Ok(row.is_some())
    }
}

fn cloud_account(row: &SqliteRow) -> Result<CloudAccount, StoreError> {
    let name: String = row.get("name");
    let place = Place { table: "cloud_account", id: &name };
    Ok(CloudAccount {
        provider: row.get("provider"),
        account_id: row.get("account_id"),
        regions: place.json(row.get("regions"))?,
        endpoint: row.get("endpoint"),
        role_arn: row.get("role_arn"),
        external_id: row.get("external_id"),
        read_key_id: row.get("read_key_id"),
        write_key_id: row.get("write_key_id"),
        name,
    })
}
