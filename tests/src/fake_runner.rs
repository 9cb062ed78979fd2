//! A runner that follows the contract to the letter and encodes nothing: for tests of the API, where what matters is
//! that a video becomes READY, and when.

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::clips::boxed;
use crate::graphql::{Client, Reply};
use crate::person::put;

/// One video and one audio rendition, one chunk each.
const RENDITIONS: [&str; 2] = ["360p", "audio"];
const INIT_BYTES: u64 = 608;
const CHUNK_BYTES: u64 = 9_600;
/// Of what it would encrypt.
pub const IV: &str = "000102030405060708090a0b0c0d0e0f";

/// Speaks for one runner token.
#[derive(Debug, Clone)]
pub struct FakeRunner {
    pub client: Client,
}

impl FakeRunner {
    pub fn new(guest: &Client, token: &str) -> Self {
        Self { client: guest.bearing(token) }
    }

    /// A job, if there is one.
    pub async fn lease(&self) -> Option<Value> {
        let mut data = self.try_lease().await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    pub async fn try_lease(&self) -> Reply {
        const LEASE: &str = "mutation { leaseJob(kinds: [PROCESS_VIDEO]) { id kind attempt lease { id expiresAt }
            videoId contentKey source { url size expiresAt } ladder { shortSide videoBitrate } audioBitrate maxDurationMs } }";
        self.client.query(LEASE).await
    }

    /// A video that is made in one piece, which is no job for who looks at new ones alone.
    pub async fn lease_whole(&self) -> Option<Value> {
        const LEASE: &str = "mutation { leaseJob(kinds: [PROCESS_VIDEO, MAKE_POSTER]) { id kind attempt
            lease { id expiresAt } videoId contentKey } }";
        let mut data = self.client.query(LEASE).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    pub async fn renew(&self, lease: &Value) -> Reply {
        const RENEW: &str = "mutation ($lease: ID!, $progress: JobProgressInput) {
            renewLease(leaseId: $lease, progress: $progress) { id expiresAt } }";
        let progress = json!({ "stage": "ENCODING", "percent": 42.0, "etaMs": 5000 });
        self.client.run(RENEW, json!({ "lease": lease, "progress": progress })).await
    }

    /// Each with the digest of what this runner would send, unless it names another.
    pub async fn sign_outputs(&self, lease: &Value, outputs: Value) -> Reply {
        const SIGN: &str = "mutation ($lease: ID!, $outputs: [JobOutputInput!]!) {
            signJobOutputs(leaseId: $lease, outputs: $outputs) {
                kind rendition chunk url headers { name value } expiresAt } }";
        self.client.run(SIGN, json!({ "lease": lease, "outputs": with_digests(outputs) })).await
    }

    pub async fn publish_chunk(&self, lease: &Value, chunk: Value) -> Reply {
        const PUBLISH: &str = "mutation ($lease: ID!, $chunk: PublishChunkInput!) { publishChunk(leaseId: $lease, chunk: $chunk) }";
        self.client.run(PUBLISH, json!({ "lease": lease, "chunk": chunk })).await
    }

    pub async fn complete(&self, lease: &Value, result: Value) -> Reply {
        const COMPLETE: &str = "mutation ($lease: ID!, $result: JobResultInput!) { completeJob(leaseId: $lease, result: $result) }";
        self.client.run(COMPLETE, json!({ "lease": lease, "result": result })).await
    }

    pub async fn fail(&self, lease: &Value, code: &str, message: &str, retry: bool) -> Reply {
        const FAIL: &str = "mutation ($lease: ID!, $code: String!, $message: String!, $retry: Boolean!) {
            failJob(leaseId: $lease, code: $code, message: $message, retry: $retry) }";
        let variables = json!({ "lease": lease, "code": code, "message": message, "retry": retry });
        self.client.run(FAIL, variables).await
    }

    /// A job of a planned video, if there is one.
    pub async fn lease_part(&self) -> Option<Value> {
        const LEASE: &str =
            "mutation { leaseJob(kinds: [COPY_CHUNK, ENCODE_CHUNK, ENCODE_AUDIO, MAKE_POSTER]) {
            id kind attempt chunk plan inOnePiece contentKey renditions lease { id } videoId } }";
        let mut data = self.client.query(LEASE).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    /// Says which encoders its ffmpeg has.
    pub async fn report(&self, encoders: &[&str]) {
        const REPORT: &str = "mutation ($capabilities: RunnerCapabilitiesInput!) {
            reportRunner(capabilities: $capabilities) { id } }";
        let capabilities = json!({
            "version": "1", "ffmpegVersion": "5.1", "platform": "linux", "encoders": encoders, "jobs": 1, "cores": 1,
            "containment": [],
        });
        self.client.run(REPORT, json!({ "capabilities": capabilities })).await.data();
    }

    /// A job of these kinds to encode a chunk of a video that is ready in another codec, if there is one.
    pub async fn lease_codec(&self, kinds: &str) -> Option<Value> {
        let lease = format!(
            "mutation {{ leaseJob(kinds: [{kinds}]) {{
            id kind chunk plan contentKey renditions lease {{ id }} videoId }} }}"
        );
        let mut data = self.client.query(&lease).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    /// Does a leased job of [`Self::lease_codec`].
    pub async fn finish_codec(&self, job: &Value) {
        let lease = &job["lease"]["id"];
        for name in job["renditions"].as_array().unwrap() {
            let mut chunk = planned_chunk(name.as_str().unwrap(), job["chunk"].as_u64().unwrap());
            if job["contentKey"].is_string() {
                chunk["iv"] = json!(IV);
            }
            self.send_chunk(lease, chunk).await.data();
        }
        self.complete_part(lease).await.data();
    }

    /// A job to write a published chunk anew, if there is one.
    pub async fn lease_rekeying(&self) -> Option<Value> {
        const LEASE: &str = "mutation { leaseJob(kinds: [REKEY_CHUNK]) {
            id kind chunk contentKey publishedKey lease { id } videoId } }";
        let mut data = self.client.query(LEASE).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    /// Does a leased job of [`Self::lease_rekeying`].
    pub async fn finish_rekeying(&self, job: &Value) {
        let lease = &job["lease"]["id"];
        let mut data = self.sign_inputs(lease).await.data();
        for input in data["signJobInputs"].take().as_array().unwrap() {
            assert_eq!(input["iv"].is_string(), job["publishedKey"].is_string(), "{input}");
            let mut chunk =
                planned_chunk(input["rendition"].as_str().unwrap(), input["chunk"].as_u64().unwrap());
            if job["contentKey"].is_string() {
                chunk["iv"] = json!(IV);
            }
            self.send_chunk(lease, chunk).await.data();
        }
        self.complete_part(lease).await.data();
    }

    /// The job to make previews of a video that is ready, if there is one.
    pub async fn lease_previews(&self) -> Option<Value> {
        const LEASE: &str =
            "mutation { leaseJob(kinds: [MAKE_PREVIEWS]) { id kind durationMs lease { id } videoId } }";
        let mut data = self.client.query(LEASE).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    /// Ends a job with previews that are in the store.
    pub async fn complete_previews(&self, lease: &Value, previews: Value) -> Reply {
        const COMPLETE: &str = "mutation ($lease: ID!, $previews: PreviewsInput!) {
            completeJob(leaseId: $lease, previews: $previews) }";
        self.client.run(COMPLETE, json!({ "lease": lease, "previews": previews })).await
    }

    /// Does the leased job of [`Self::lease_previews`]: stores [`PREVIEW_BYTES`] as each sprite and as the loop.
    pub async fn finish_previews(&self, job: &Value) {
        let lease = &job["lease"]["id"];
        let size = PREVIEW_BYTES.len();
        let outputs = json!([
            { "kind": "SPRITE", "chunk": 0, "size": size },
            { "kind": "SPRITE", "chunk": 1, "size": size },
            { "kind": "LOOP", "size": size },
        ]);
        let signed = self.sign_outputs(lease, outputs).await.data()["signJobOutputs"].take();
        for output in signed.as_array().unwrap() {
            let response = put(&self.client, output, PREVIEW_BYTES.to_vec()).await;
            assert!(response.status().is_success(), "{output}: {}", response.status());
        }
        self.complete_previews(lease, previews()).await.data();
    }

    /// A job to make a file to download, if there is one.
    pub async fn lease_download(&self) -> Option<Value> {
        const LEASE: &str =
            "mutation { leaseJob(kinds: [MAKE_DOWNLOAD]) { id kind rendition lease { id } videoId } }";
        let mut data = self.client.query(LEASE).await.data();
        Some(data["leaseJob"].take()).filter(Value::is_object)
    }

    pub async fn sign_inputs(&self, lease: &Value) -> Reply {
        const SIGN: &str =
            "mutation ($lease: ID!) { signJobInputs(leaseId: $lease) { rendition chunk size url iv } }";
        self.client.run(SIGN, json!({ "lease": lease })).await
    }

    /// Stores so many bytes as the file to download, and ends the job.
    pub async fn send_download(&self, lease: &Value, size: usize) -> Reply {
        let output = json!([{ "kind": "DOWNLOAD", "size": size }]);
        let mut signed = self.sign_outputs(lease, output).await.data();
        let response = put(&self.client, &signed["signJobOutputs"][0].take(), vec![9; size]).await;
        assert!(response.status().is_success(), "{}", response.status());
        self.complete_part(lease).await
    }

    pub async fn plan(&self, lease: &Value, plan: Value) -> Reply {
        const PLAN: &str =
            "mutation ($lease: ID!, $plan: VideoPlanInput!) { planVideo(leaseId: $lease, plan: $plan) }";
        self.client.run(PLAN, json!({ "lease": lease, "plan": plan })).await
    }

    /// Ends a job that has no result of its own.
    pub async fn complete_part(&self, lease: &Value) -> Reply {
        const COMPLETE: &str = "mutation ($lease: ID!) { completeJob(leaseId: $lease) }";
        self.client.run(COMPLETE, json!({ "lease": lease })).await
    }

    /// Stores the bytes of one chunk and makes it playable.
    pub async fn send_chunk(&self, lease: &Value, chunk: Value) -> Reply {
        let output = json!({ "kind": "CHUNK", "rendition": chunk["rendition"], "chunk": chunk["index"], "size": chunk["size"] });
        let mut signed = self.sign_outputs(lease, json!([output])).await.data();
        let output = signed["signJobOutputs"][0].take();
        let response = put(&self.client, &output, chunk_bytes(chunk["rendition"].as_str().unwrap())).await;
        assert!(response.status().is_success(), "{output}: {}", response.status());
        self.publish_chunk(lease, chunk).await
    }

    /// Does a leased job: sends every output and reports it.
    pub async fn finish(&self, job: &Value) {
        let lease = &job["lease"]["id"];
        self.send_outputs(lease).await;
        for rendition in RENDITIONS {
            let mut chunk = chunk_of(rendition);
            if job["contentKey"].is_string() {
                chunk["iv"] = json!(IV);
            }
            self.publish_chunk(lease, chunk).await.data();
        }
        self.complete(lease, result()).await.data();
    }

    /// Stores the bytes of every output, without a word about them.
    pub async fn send_outputs(&self, lease: &Value) {
        let outputs: Vec<Value> = RENDITIONS
            .iter()
            .map(|name| json!({ "kind": "CHUNK", "rendition": name, "chunk": 0, "size": CHUNK_BYTES }))
            .collect();
        let signed = self.sign_outputs(lease, json!(outputs)).await.data()["signJobOutputs"].take();
        for output in signed.as_array().unwrap() {
            let response =
                put(&self.client, output, chunk_bytes(output["rendition"].as_str().unwrap())).await;
            assert!(response.status().is_success(), "{output}: {}", response.status());
        }
    }
}

fn with_digests(mut outputs: Value) -> Value {
    for output in outputs.as_array_mut().into_iter().flatten() {
        if output["md5"].is_string() {
            continue;
        }
        let bytes = match output["kind"].as_str() {
            Some("CHUNK") => chunk_bytes(output["rendition"].as_str().unwrap_or_default()),
            // Nobody sends one of another size than a test's.
            Some("DOWNLOAD") => vec![9; output["size"].as_u64().unwrap_or(0).min(4 << 20) as usize],
            _ => PREVIEW_BYTES.to_vec(),
        };
        output["md5"] = json!(md5_of(&bytes));
    }
    outputs
}

/// As a runner announces it.
pub fn md5_of(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

/// What stands for an image or a loop.
pub const PREVIEW_BYTES: &[u8] = b"any picture";

/// Three tiles in two sprites.
pub fn previews() -> Value {
    json!({
        "intervalMs": 1500, "tileWidth": 160, "tileHeight": 90, "columns": 2, "rows": 1, "tiles": 3, "hasLoop": true,
    })
}

/// What is reported of a rendition's only chunk: two segments of two seconds.
pub fn chunk_of(rendition: &str) -> Value {
    let segment = (CHUNK_BYTES - INIT_BYTES) / 2;
    json!({
        "rendition": rendition, "index": 0, "size": CHUNK_BYTES, "startMs": 0.0,
        "init": { "offset": 0, "size": INIT_BYTES },
        "segments": [
            { "offset": INIT_BYTES, "size": segment, "durationMs": 2000.0 },
            { "offset": INIT_BYTES + segment, "size": segment, "durationMs": 2000.0 },
        ],
    })
}

/// A chunk of a planned rendition: two segments of two seconds.
pub fn planned_chunk(rendition: &str, index: u64) -> Value {
    let mut chunk = chunk_of(rendition);
    chunk["index"] = json!(index);
    chunk["startMs"] = json!(index as f64 * 4000.0);
    if index == 0 {
        chunk["codecs"] = json!(codecs_of(rendition));
    } else {
        chunk["init"] = Value::Null;
    }
    chunk
}

/// What [`chunk_bytes`] says of itself.
fn codecs_of(rendition: &str) -> &'static str {
    match rendition {
        "audio" => "mp4a.40.2",
        _ if rendition.ends_with("-hevc") => "hvc1.1.6.L93.90",
        _ if rendition.ends_with("-av1") => "av01.0.04M.08",
        _ => "avc1.64001e",
    }
}

/// [`plan`] with two sizes in HEVC and one in AV1.
pub fn plan_with_codecs() -> Value {
    let mut plan = plan();
    for (name, height) in [("360p-hevc", 360), ("240p-hevc", 240), ("360p-av1", 360)] {
        plan["renditions"].as_array_mut().unwrap().push(json!({
            "name": name, "kind": "VIDEO", "width": height * 16 / 9, "height": height, "frameRate": 30.0, "chunkCount": 2,
        }));
    }
    plan
}

/// Two chunks of pictures in one size, and the sound.
pub fn plan() -> Value {
    json!({
        "durationMs": 8000, "width": 640, "height": 360, "details": "for runners only",
        "renditions": [
            { "name": "360p", "kind": "VIDEO", "width": 640, "height": 360, "frameRate": 30.0, "chunkCount": 2 },
            { "name": "audio", "kind": "AUDIO" },
        ],
        "jobs": [
            { "kind": "ENCODE_AUDIO", "weightMs": 1000 },
            { "kind": "ENCODE_CHUNK", "chunk": 0, "weightMs": 4000 },
            { "kind": "ENCODE_CHUNK", "chunk": 1, "weightMs": 4000 },
        ],
    })
}

/// The final report that goes with [`chunk_of`].
pub fn result() -> Value {
    json!({
        "durationMs": 4000, "width": 640, "height": 360,
        "renditions": [
            { "name": "360p", "kind": "VIDEO", "width": 640, "height": 360, "frameRate": 30.0,
              "codecs": "avc1.64001e", "chunkCount": 1 },
            { "name": "audio", "kind": "AUDIO", "codecs": "mp4a.40.2", "chunkCount": 1 },
        ],
    })
}

/// Fragmented MP4 without a picture or a sound in it, as long as [`chunk_of`] says.
pub fn chunk_bytes(rendition: &str) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let picture = |kind, described| boxed(kind, &[vec![0; 78], described].concat());
    let entry = match &codecs_of(rendition)[..4] {
        "mp4a" => boxed(b"mp4a", &[0; 28]),
        "hvc1" => picture(b"hvc1", boxed(b"hvcC", &[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93])),
        "av01" => picture(b"av01", boxed(b"av1C", &[0x81, 0x04, 0x0c, 0])),
        _ => picture(b"avc1", boxed(b"avcC", &[1, 0x64, 0x00, 0x1e, 0xff])),
    };
    let stsd = boxed(b"stsd", &[words(&[0, 1]), entry].concat());
    let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 90_000, 0, 0]));
    let mdia = boxed(b"mdia", &[mdhd, boxed(b"minf", &boxed(b"stbl", &stsd))].concat());
    let mvex = boxed(b"mvex", &boxed(b"trex", &words(&[0, 1, 1, 0, 0, 0])));
    let (trak, ftyp) = (boxed(b"trak", &mdia), boxed(b"ftyp", b"iso5\0\0\0\0"));
    let so_far = ftyp.len() + 8 + trak.len() + mvex.len() + 8;
    let filled = boxed(b"free", &vec![0; INIT_BYTES as usize - so_far]);
    let init = [ftyp, boxed(b"moov", &[trak, mvex, filled].concat())].concat();
    let traf = [
        boxed(b"tfhd", &words(&[0x0002_0000, 1])),
        boxed(b"tfdt", &words(&[0, 0])),
        boxed(b"trun", &words(&[0x0000_0100, 1, 180_000])),
    ];
    let moof = boxed(b"moof", &boxed(b"traf", &traf.concat()));
    let segment = (CHUNK_BYTES - INIT_BYTES) as usize / 2;
    let media = boxed(b"mdat", &vec![7; segment - moof.len() - 8]);
    [init, moof.clone(), media.clone(), moof, media].concat()
}
