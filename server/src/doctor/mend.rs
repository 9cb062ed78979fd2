//! The exact words that mend a bucket: rules to paste and commands to run.

use serde_json::json;

use crate::storage::{Storage, keys};

/// Signatures hold for a quarter of an hour around the time that they name.
pub const CLOCK: &str = "sudo timedatectl set-ntp true";

/// What to do about a no of the store, by the code in its answer.
pub fn refused(answer: &str, storage: &Storage) -> String {
    let bucket = storage.bucket();
    let says = |codes: &[&str]| codes.iter().any(|code| answer.contains(code));
    if says(&["NoSuchBucket"]) {
        format!(
            "There is no bucket “{bucket}”. Make it:\n\
             aws s3api create-bucket --bucket {bucket} --endpoint-url \"$S3_ENDPOINT\"\n\
             On Cloudflare R2: npx wrangler r2 bucket create {bucket}\n\
             Or name another one in S3_BUCKET."
        )
    } else if says(&["RequestTimeTooSkewed", "RequestExpired", "not yet valid"]) {
        format!("The clocks of this machine and of the store differ. On the one that is wrong:\n{CLOCK}")
    } else if says(&["InvalidAccessKeyId", "SignatureDoesNotMatch", "Unauthorized", "No such key"]) {
        format!(
            "The store does not know the two keys. Take new ones from its page (on Cloudflare R2: R2, Manage API \
             tokens, Object Read & Write), put them into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, and try them:\n\
             {}",
            listing(bucket)
        )
    } else if says(&["AccessDenied", "Forbidden", "AllAccessDisabled"]) {
        format!(
            "The key may not do what is needed. On Cloudflare R2: an API token with Object Read & Write for this \
             bucket. On Garage:\n\
             garage bucket allow --read --write --owner {bucket} --key \"$S3_ACCESS_KEY_ID\"\n\
             On AWS, this policy for the key's user:\n{}",
            policy(bucket)
        )
    } else {
        format!(
            "S3_ENDPOINT, S3_BUCKET and S3_REGION must be those of the store, and this machine must reach it:\n\
             curl -sv \"$S3_ENDPOINT\" -o /dev/null\n{}",
            listing(bucket)
        )
    }
}

/// What to do about an address that browsers are given and that leads nowhere.
pub fn address(url: &str) -> String {
    let base = url.split('?').next().unwrap_or(url);
    format!(
        "Browsers are given this address, so it must be reached from here and from them. For a store of your own that \
         is S3_ENDPOINT, for the embedded one KINORA_PUBLIC_URL.\n\
         curl -sv '{base}' -o /dev/null"
    )
}

/// What to do about media that come whole or not at all.
pub fn ranges(url: &str) -> String {
    // What was tried is gone when this is read.
    let base = url.split_once(keys::TRIALS).map_or(url, |(base, _)| base);
    format!(
        "KINORA_MEDIA_URL must be the public base of this bucket, and any object there must answer 206 to:\n\
         curl -si -r 0-0 '{base}'\"$KEY\"\n\
         On Cloudflare R2: bucket, Settings, Custom domains. Without KINORA_MEDIA_URL media are read from \
         S3_ENDPOINT."
    )
}

fn listing(bucket: &str) -> String {
    format!(
        "AWS_ACCESS_KEY_ID=\"$S3_ACCESS_KEY_ID\" AWS_SECRET_ACCESS_KEY=\"$S3_SECRET_ACCESS_KEY\" aws s3api \
         list-objects-v2 --bucket {bucket} --max-items 1 --endpoint-url \"$S3_ENDPOINT\""
    )
}

/// All that a site asks of its bucket, and nothing else.
fn policy(bucket: &str) -> serde_json::Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
                "Resource": format!("arn:aws:s3:::{bucket}"),
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                ],
                "Resource": format!("arn:aws:s3:::{bucket}/*"),
            },
        ],
    })
}

/// The exact rules, for R2's page and for everything that speaks S3.
pub fn cors(origin: &str, storage: &Storage) -> String {
    let rule = json!({
        "AllowedOrigins": [origin],
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Content-Range", "Accept-Ranges", "Content-Length"],
        "MaxAgeSeconds": 86400,
    });
    let bucket = storage.bucket();
    format!(
        "Set the bucket's CORS rules. On Cloudflare R2: bucket, Settings, CORS policy, then this, and wait 30 s:\n\
         {list}\n\
         With the AWS command line, for any S3:\n\
         aws s3api put-bucket-cors --bucket {bucket} --endpoint-url \"$S3_ENDPOINT\" --cors-configuration \
         '{rules}'",
        list = json!([rule]),
        rules = json!({ "CORSRules": [rule] }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, storage::Endpoint};

    #[test]
    fn each_no_of_a_store_has_its_own_remedy() {
        let endpoint = Endpoint {
            url: "https://s3.example".into(),
            region: "auto".into(),
            access_key_id: "a".into(),
            secret_access_key: "b".into(),
        };
        let storage = Storage::new("media", &endpoint, &endpoint, None, Clock::system());
        let cases = [
            ("404: NoSuchBucket: The specified bucket does not exist", "create-bucket --bucket media "),
            ("403: RequestTimeTooSkewed: The difference is too large", CLOCK),
            ("403: SignatureDoesNotMatch: Check your key", "S3_SECRET_ACCESS_KEY, and try them"),
            ("403: Forbidden: Invalid signature: No such key: GK1", "S3_SECRET_ACCESS_KEY, and try them"),
            ("403: AccessDenied: Access Denied", "\"arn:aws:s3:::media/*\""),
            ("error sending request: connection refused", "curl -sv \"$S3_ENDPOINT\""),
        ];
        for (answer, remedy) in cases {
            let told = refused(answer, &storage);
            assert!(told.contains(remedy), "{answer}\n{told}");
        }
    }

    #[test]
    fn what_was_tried_and_its_signature_are_not_told() {
        let told = ranges("https://s3.example/media/doctor/00ff?X-Amz-Signature=secret");
        assert!(told.contains("'https://s3.example/media/'\"$KEY\""), "{told}");
    }
}
