//! Addresses that the system hands to the console. They come from anywhere, and lead to an incident or to
//! a sentence that says why not; they do nothing else.

use firebreak_core::link::linked_incident;
use firebreak_store::StoreError;
use firebreak_wire as wire;

use crate::Desk;
use crate::desk::locked;

impl Desk {
    /// Keeps where an address leads until the interface takes it; a newer one replaces it.
    pub async fn open_link(&self, link: &str) {
        let target = match self.link_target(link).await {
            Ok(target) => target,
            Err(error) => {
                tracing::error!(%error, "a link could not be followed");
                nowhere("The link could not be followed: the workspace can't be read now.")
            }
        };
        *locked(&self.link) = Some(target);
        self.hub.send(wire::Event::LinkOpened);
    }

    /// Where the address leads that was opened last, once.
    pub fn take_link(&self) -> Option<wire::LinkTarget> {
        locked(&self.link).take()
    }

    async fn link_target(&self, link: &str) -> Result<wire::LinkTarget, StoreError> {
        let Some(id) = linked_incident(link) else {
            return Ok(nowhere(
                "That link leads nowhere: Firebreak follows links to incidents only.",
            ));
        };
        match self.engine.store().incident(&id).await {
            Ok(_) => Ok(wire::LinkTarget::Incident { id: id.to_string() }),
            Err(StoreError::Missing { .. }) => Ok(nowhere(
                "That link is of an incident that this workspace does not have. It may be from another \
                 one, or another person's.",
            )),
            Err(error) => Err(error),
        }
    }
}

fn nowhere(message: &str) -> wire::LinkTarget {
    wire::LinkTarget::Nowhere { message: message.to_owned() }
}
