//! Garage, a store that others wrote: what works with it keeps to the protocol and not to our own idea of it.
//!
//! Asked for by `TEST_STORE=garage`, with `garage` in the path (`cargo install garage --version 2.5.0 --locked`).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::types::{CorsConfiguration, CorsRule};
use kinora_server::config::S3Settings;
use url::Url;

use crate::served::free_port;

const BUCKET: &str = "kinora";
const REGION: &str = "garage";
const ACCESS_KEY_ID: &str = "GK31c2f218a2e44f485b94239e";
const SECRET_ACCESS_KEY: &str = "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835";
const PATIENCE: Duration = Duration::from_secs(30);

/// One node with an empty bucket, ended when dropped.
pub struct Garage {
    child: Child,
    config: PathBuf,
    url: Url,
}

impl Garage {
    /// Keeps its objects in `folder`.
    pub async fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let (api, rpc) = (free_port(), free_port());
        let config = folder.join("garage.toml");
        let at = folder.display();
        let secret = "1799bccfd7411eddcf9ebd316bc1f5287ad12a68094e1c6ac6abde7e6feae1ec";
        let text = format!(
            "metadata_dir = '{at}/meta'\ndata_dir = '{at}/data'\ndb_engine = 'sqlite'\nreplication_factor = 1\n\
             rpc_bind_addr = '127.0.0.1:{rpc}'\nrpc_public_addr = '127.0.0.1:{rpc}'\nrpc_secret = '{secret}'\n\
             [s3_api]\ns3_region = '{REGION}'\napi_bind_addr = '127.0.0.1:{api}'\nroot_domain = '.s3.invalid'\n"
        );
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(folder.join("garage.log")).unwrap();
        let child = Command::new("garage")
            .arg("-c")
            .arg(&config)
            .arg("server")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("TEST_STORE=garage needs `garage` in the path");
        let url = Url::parse(&format!("http://127.0.0.1:{api}/")).unwrap();
        let garage = Self { child, config, url };
        let node = garage.node().await;
        garage.says(&["layout", "assign", "-z", "one", "-c", "100G", &node]);
        garage.says(&["layout", "apply", "--version", "1"]);
        garage.says(&["key", "import", "--yes", "-n", "tests", ACCESS_KEY_ID, SECRET_ACCESS_KEY]);
        garage.says(&["bucket", "create", BUCKET]);
        garage.says(&["bucket", "allow", "--read", "--write", "--owner", BUCKET, "--key", ACCESS_KEY_ID]);
        garage
    }

    /// Lets pages of this origin in, by the rules that `kinora doctor` prints.
    pub async fn let_in(&self, origin: &str) {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "tests");
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(self.url.as_str())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        let rule = CorsRule::builder()
            .allowed_origins(origin)
            .allowed_methods("GET")
            .allowed_methods("HEAD")
            .allowed_methods("PUT")
            .allowed_headers("*")
            .expose_headers("ETag")
            .expose_headers("Content-Range")
            .expose_headers("Accept-Ranges")
            .expose_headers("Content-Length")
            .build()
            .unwrap();
        let rules = CorsConfiguration::builder().cors_rules(rule).build().unwrap();
        let client = aws_sdk_s3::Client::from_conf(config);
        client.put_bucket_cors().bucket(BUCKET).cors_configuration(rules).send().await.unwrap();
    }

    /// How a site uses it.
    pub fn settings(&self) -> S3Settings {
        S3Settings {
            endpoint: self.url.clone(),
            region: REGION.to_owned(),
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        }
    }

    /// Its own name, once it answers.
    async fn node(&self) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.command(&["node", "id", "-q"]).output().unwrap();
            let ready = self.command(&["status"]).output().unwrap();
            if ready.status.success() && answer.status.success() {
                let text = String::from_utf8(answer.stdout).unwrap();
                return text.trim().split('@').next().unwrap_or_default().to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "{}", String::from_utf8_lossy(&ready.stderr));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("garage");
        command.arg("-c").arg(&self.config).args(arguments).stdin(Stdio::null());
        command
    }

    fn says(&self, arguments: &[&str]) {
        let done = self.command(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        // One that has ended already cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
