//! Starting and stopping.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::aws::{self, Account};
use crate::control::{self, Control};
use crate::error::Error;
use crate::faults::{Fault, Faults};
use crate::lacework::{self, Lacework};
use crate::ledger::Ledger;
use crate::listen::{Listening, listen};
use crate::model::{self, Model};
use crate::names::{ACCOUNT, Names, REGION};
use crate::options::Options;
use crate::orca::{self, Orca};
use crate::prisma::{self, Prisma};
use crate::ready::{AwsReady, LaceworkReady, ModelReady, OrcaReady, PrismaReady, Ready, WizReady};
use crate::seeded;
use crate::wiz::{self, Wiz};

/// The way to start a sandbox.
#[derive(Debug)]
pub struct Sandbox;

/// A sandbox that runs until it is stopped or dropped.
pub struct Running {
    ready: Ready,
    faults: Arc<Faults>,
    ledger: Arc<Ledger>,
    listening: Vec<Listening>,
    account: Option<Account>,
}

impl Sandbox {
    /// Whether an interpreter for the AWS side can be found with these options.
    #[must_use]
    pub fn python(options: &Options) -> Option<std::path::PathBuf> {
        aws::find_python(options.python.as_deref())
    }

    /// Starts what the options ask for and returns once everything answers.
    ///
    /// # Errors
    /// A port that cannot be opened, a scenario that is wrong, or an AWS side that does not come up.
    pub async fn start(options: Options) -> Result<Running, Error> {
        let (faults, ledger) = (Arc::new(Faults::default()), Arc::new(Ledger::default()));
        let account = if options.aws { Some(aws::start(&options).await?) } else { None };
        let names = match &account {
            Some(account) => Names::of_account(account.names.clone()),
            None => Names::without_account(options.seed),
        };
        let mut listening = Vec::new();
        let mut base = |started: Listening| {
            let base = format!("http://{}", started.address);
            listening.push(started);
            base
        };
        let tenant = options
            .wiz
            .then(|| {
                Wiz::new(&options, &names, Arc::clone(&faults), Arc::clone(&ledger)).map(Arc::new)
            })
            .transpose()?;
        let wiz = match &tenant {
            None => None,
            Some(tenant) => {
                let base = base(
                    listen("the Wiz tenant", options.wiz_port, wiz::router(Arc::clone(tenant)))
                        .await?,
                );
                Some(WizReady {
                    api_url: format!("{base}/graphql"),
                    auth_url: format!("{base}/oauth/token"),
                    client_id: tenant.client_id.clone(),
                    client_secret: tenant.client_secret.clone(),
                })
            }
        };
        let aws = match &account {
            None => None,
            Some(account) => {
                let proxy =
                    aws::Proxy::new(account.port, Arc::clone(&faults), Arc::clone(&ledger))?;
                let router = aws::router(Arc::new(proxy));
                let endpoint = base(listen("the AWS proxy", options.aws_port, router).await?);
                Some(described(account, endpoint, &names))
            }
        };
        let model = match options.model {
            false => None,
            true => {
                let server = Model {
                    api_key: format!("sk-sandbox-{}", seeded::hex(options.seed, "model key", 32)),
                    slow: options.slow_model,
                    turns: AtomicU64::new(0),
                    faults: Arc::clone(&faults),
                    ledger: Arc::clone(&ledger),
                };
                let api_key = server.api_key.clone();
                let router = model::router(Arc::new(server));
                let base = base(listen("the model server", options.model_port, router).await?);
                Some(ModelReady {
                    base_url: format!("{base}/v1"),
                    model: "sandbox-honest".into(),
                    api_key,
                })
            }
        };
        let organisation = options
            .orca
            .then(|| {
                Orca::new(&options, &names, Arc::clone(&faults), Arc::clone(&ledger)).map(Arc::new)
            })
            .transpose()?;
        let orca = match &organisation {
            None => None,
            Some(organisation) => {
                let router = orca::router(Arc::clone(organisation));
                let api_url = base(listen("the Orca organisation", 0, router).await?);
                Some(OrcaReady { api_url, api_token: organisation.api_token.clone() })
            }
        };
        let lacework_account = options
            .lacework
            .then(|| {
                Lacework::new(&options, &names, Arc::clone(&faults), Arc::clone(&ledger))
                    .map(Arc::new)
            })
            .transpose()?;
        let lacework = match &lacework_account {
            None => None,
            Some(account) => {
                let router = lacework::router(Arc::clone(account));
                let port = options.lacework_port;
                Some(LaceworkReady {
                    address: base(listen("the Lacework account", port, router).await?),
                    account: lacework::NAME.into(),
                    key_id: account.key_id.clone(),
                    secret: account.secret.clone(),
                })
            }
        };
        let control = Control {
            faults: Arc::clone(&faults),
            ledger: Arc::clone(&ledger),
            wiz: tenant,
            lacework: lacework_account,
        };
        let mut router = control::router(Arc::new(control));
        if let Some(organisation) = organisation {
            router = router.merge(orca::control_router(organisation));
        }
        let prisma = match options.prisma {
            None => None,
            Some(settings) => {
                let (faults, ledger) = (Arc::clone(&faults), Arc::clone(&ledger));
                let tenant = Arc::new(Prisma::new(&options, settings, &names, faults, ledger)?);
                router = router.merge(prisma::control(Arc::clone(&tenant)));
                let (access_key_id, secret_key) =
                    (tenant.access_key_id.clone(), tenant.secret_key.clone());
                let served = prisma::router(tenant);
                let api_url = base(listen("the Prisma tenant", settings.port, served).await?);
                let compute_url = format!("{api_url}/compute");
                Some(PrismaReady { api_url, compute_url, access_key_id, secret_key })
            }
        };
        let control_url =
            base(listen("the control API", options.control_port, router).await?) + "/control";
        let ready = Ready { wiz, aws, model, prisma, lacework, control_url, orca };
        Ok(Running { ready, faults, ledger, listening, account })
    }
}

fn described(account: &Account, endpoint: String, names: &Names) -> AwsReady {
    AwsReady {
        endpoint,
        account_id: ACCOUNT.into(),
        region: REGION.into(),
        read_key_id: account.keys.read.id.clone(),
        read_secret: account.keys.read.secret.clone(),
        write_key_id: account.keys.write.id.clone(),
        write_secret: account.keys.write.secret.clone(),
        stolen_key_id: account.keys.deploy_bot.id.clone(),
        stolen_secret: account.keys.deploy_bot.secret.clone(),
        listen_key_id: account.keys.listen.id.clone(),
        listen_secret: account.keys.listen.secret.clone(),
        forward_key_id: account.keys.forward.id.clone(),
        forward_secret: account.keys.forward.secret.clone(),
        role_arn: names.get("role.firebreak-containment.arn").unwrap_or_default().to_owned(),
        names: account.names.clone(),
    }
}

impl Running {
    /// Addresses and credentials.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What the stand-ins were asked.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Orders a fault, as `POST /control/fault` does.
    pub fn fault(&self, fault: Fault) {
        self.faults.order(fault);
    }

    /// Stops everything and waits until the AWS child has ended. Dropping does the same without waiting.
    pub async fn stop(mut self) {
        self.listening.clear();
        if let Some(account) = self.account.take() {
            account.stop().await;
        }
    }
}
