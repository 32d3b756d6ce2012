//! What waits for a person's confirmation outside the main window.
//!
//! The main window can only ask for a confirmation to be shown. What is shown is drawn here from
//! the exact calls, and only the approval window's own commands sign it.

use firebreak_core::StepId;
use firebreak_core::plan::Digest;
use firebreak_wire as wire;

use crate::desk::locked;
use crate::{Desk, DeskError, view};

/// What the approval window is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// Signing a step.
    Step {
        /// Which.
        step: String,
        /// Run or undo.
        direction: wire::Direction,
        /// The digest that was shown last; only that one can be signed.
        shown: Option<String>,
    },
    /// Changing the phase.
    Phase {
        /// To which.
        to: u32,
    },
}

impl Desk {
    /// Asks for a step to be confirmed. The shell then opens the approval window.
    ///
    /// # Errors
    /// When the step can't be drafted or approved now.
    pub async fn ask_approval(
        &self,
        step: &str,
        direction: wire::Direction,
    ) -> Result<(), DeskError> {
        self.owner()?;
        // Fails here, in the main window, rather than in a window that has nothing to show.
        self.sheet(step, direction).await?;
        *locked(&self.pending) =
            Some(Pending::Step { step: step.to_owned(), direction, shown: None });
        Ok(())
    }

    /// Asks for a phase. Lowering it takes effect at once; raising it must be confirmed, and the
    /// answer says so.
    pub async fn ask_phase(&self, to: u32) -> Result<bool, DeskError> {
        self.owner()?;
        if !(1..=2).contains(&to) {
            return Err(DeskError::Invalid(match to {
                3 => "phase 3, supervised automation, is not part of this version".to_owned(),
                other => format!("there is no phase {other}; choose 1 or 2"),
            }));
        }
        if to <= self.engine.phase() {
            self.set_phase(to).await?;
            return Ok(false);
        }
        *locked(&self.pending) = Some(Pending::Phase { to });
        Ok(true)
    }

    /// What the approval window shows now, read anew.
    pub async fn approval_document(&self) -> Result<wire::ApprovalDocument, DeskError> {
        let pending = locked(&self.pending).clone();
        match pending {
            None => Err(DeskError::Refused("nothing waits for confirmation".to_owned())),
            Some(Pending::Phase { to }) => Ok(wire::ApprovalDocument::Phase(wire::PhaseDocument {
                from: self.engine.phase(),
                to,
                consequences: phase_consequences(to),
            })),
            Some(Pending::Step { step, direction, .. }) => {
                let document = self.sheet(&step, direction).await?;
                let shown = Some(document.digest.clone());
                *locked(&self.pending) = Some(Pending::Step { step, direction, shown });
                Ok(wire::ApprovalDocument::Step(Box::new(document)))
            }
        }
    }

    /// A step's document, for the window and the terminal alike.
    pub async fn sheet(
        &self,
        step: &str,
        direction: wire::Direction,
    ) -> Result<wire::StepDocument, DeskError> {
        let direction = view::plan::core_direction(direction);
        let sheet = self.owner()?.approval_sheet(&StepId::new(step), direction, &self.me).await?;
        let accounts = self.engine.store().cloud_accounts().await?;
        let name = accounts
            .iter()
            .find(|account| account.account_id == sheet.step.account)
            .map_or(sheet.step.account.as_str(), |account| account.name.as_str());
        Ok(view::approval::document(&sheet, name, &self.me.name))
    }

    /// Confirms what the approval window showed last.
    ///
    /// # Errors
    /// [`DeskError::Refused`] when nothing was shown; drift, keychain and policy errors.
    pub async fn sign_pending(&self) -> Result<(), DeskError> {
        let pending = locked(&self.pending).clone();
        match pending {
            None | Some(Pending::Step { shown: None, .. }) => {
                return Err(DeskError::Refused(
                    "nothing was shown that could be signed".to_owned(),
                ));
            }
            Some(Pending::Step { step, direction, shown: Some(shown) }) => {
                self.sign_step(&step, direction, &shown).await?;
            }
            Some(Pending::Phase { to }) => self.set_phase(to).await?,
        }
        *locked(&self.pending) = None;
        Ok(())
    }

    /// Signs a step's digest: exactly the one given.
    pub async fn sign_step(
        &self,
        step: &str,
        direction: wire::Direction,
        shown: &str,
    ) -> Result<(), DeskError> {
        let digest = Digest::from_hex(shown)
            .ok_or_else(|| DeskError::Invalid("a digest is 64 lower-case hex digits".to_owned()))?;
        let direction = view::plan::core_direction(direction);
        self.owner()?.approve(&StepId::new(step), direction, &digest, &self.me).await?;
        Ok(())
    }

    /// "Not now", or with a reason a rejection.
    pub async fn decline_pending(&self, reason: Option<&str>) -> Result<(), DeskError> {
        let pending = locked(&self.pending).take();
        if let (
            Some(reason),
            Some(Pending::Step { step, direction: wire::Direction::Execute, .. }),
        ) = (reason, pending)
        {
            self.reject_step(&step, reason).await?;
        }
        Ok(())
    }
}

fn phase_consequences(to: u32) -> Vec<String> {
    match to {
        2 => vec![
            "Write credentials will be read from the keychain, and clients that can change clouds will be made.".to_owned(),
            "Nothing runs by itself: every step needs the approvals that policy asks for, and a person starts it.".to_owned(),
            "Going back to phase 1 takes effect at once.".to_owned(),
        ],
        _ => Vec::new(),
    }
}
