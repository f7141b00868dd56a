/// A credential that shows its provider: a literal prefix, then so many bytes of an alphabet.
struct TokenFormat: Sendable {
    /// Which bytes follow the prefix.
    enum Alphabet: Sendable {
        case digits, hex, lowerAlphanumeric, upperAlphanumeric, alphanumeric, base64URL, base64, dotted

        @inline(__always)
        func contains(_ byte: UInt8) -> Bool {
            switch self {
            case .digits: byte.isDigit
            case .hex: byte.isHex
            case .lowerAlphanumeric: byte.isLower || byte.isDigit
            case .upperAlphanumeric: byte.isUpper || byte.isDigit
            case .alphanumeric: byte.isAlphanumeric
            case .base64URL: byte.isBase64URL
            case .base64: byte.isBase64 || byte == Byte.equals
            case .dotted: byte.isBase64URL || byte.isBase64 || byte == Byte.dot || byte == Byte.equals
            }
        }
    }

    /// What else must be true.
    enum Check: Sendable {
        case none
        /// Letters and digits both, and entropy of a random text: for prefixes that are also words.
        case random
    }

    var type: String
    var prefix: String
    var alphabet: Alphabet
    var length: ClosedRange<Int>
    var check = Check.none

    init(
        _ type: String,
        _ prefix: String,
        _ alphabet: Alphabet,
        _ length: ClosedRange<Int>,
        _ check: Check = .none
    ) {
        self.type = type
        self.prefix = prefix
        self.alphabet = alphabet
        self.length = length
        self.check = check
    }

    /// Formats that providers publish, or that the documentation of secret scanners describes.
    static let all: [TokenFormat] =
        developer + cloud + communication + business + models

    private static let developer: [TokenFormat] = [
        .init("github-token", "ghp_", .alphanumeric, 36...255), .init("github-token", "gho_", .alphanumeric, 36...255),
        .init("github-token", "ghu_", .alphanumeric, 36...255), .init("github-token", "ghs_", .dotted, 36...1024),
        .init("github-token", "ghr_", .alphanumeric, 36...255),
        .init("github-token", "github_pat_", .base64URL, 50...255),
        .init("gitlab-token", "glpat-", .dotted, 20...320), .init("gitlab-token", "gldt-", .base64URL, 20...64),
        .init("gitlab-token", "glrt-", .dotted, 20...128), .init("gitlab-token", "glcbt-", .base64URL, 20...80),
        .init("gitlab-token", "glptt-", .base64URL, 40...64), .init("gitlab-token", "glft-", .base64URL, 20...64),
        .init("gitlab-token", "glsoat-", .base64URL, 20...64), .init("gitlab-token", "glagent-", .base64URL, 50...128),
        .init("gitlab-token", "glimt-", .base64URL, 20...64), .init("gitlab-token", "gloas-", .base64URL, 64...64),
        .init("gitlab-token", "glffct-", .base64URL, 20...64), .init("gitlab-token", "GR1348941", .base64URL, 20...20),
        .init("bitbucket-token", "ATBB", .alphanumeric, 32...32),
        .init("atlassian-token", "ATATT3", .dotted, 150...255), .init("atlassian-token", "ATCTT3", .dotted, 150...255),
        .init("npm-token", "npm_", .alphanumeric, 36...36),
        .init("pypi-token", "pypi-AgEIcHlwaS5vcmc", .base64URL, 50...1000),
        .init("pypi-token", "pypi-AgENdGVzdC5weXBpLm9yZw", .base64URL, 50...1000),
        .init("rubygems-token", "rubygems_", .hex, 48...48),
        .init("clojars-token", "CLOJARS_", .lowerAlphanumeric, 60...60),
        .init("nuget-token", "oy2", .lowerAlphanumeric, 43...43),
        .init("docker-token", "dckr_pat_", .base64URL, 27...64),
        .init("docker-token", "dckr_oat_", .base64URL, 32...64),
        .init("jfrog-token", "AKCp", .alphanumeric, 69...80),
        .init("jfrog-token", "cmVmdGtuOj", .alphanumeric, 50...80),
        .init("sonar-token", "sqp_", .hex, 40...40), .init("sonar-token", "squ_", .hex, 40...40),
        .init("sonar-token", "sqa_", .hex, 40...40), .init("circleci-token", "CCIPAT_", .base64URL, 40...120),
        .init("buildkite-token", "bkua_", .hex, 40...40), .init("sentry-token", "sntryu_", .hex, 64...64),
        .init("sentry-token", "sntrys_eyJ", .dotted, 80...1000), .init("postman-token", "PMAK-", .base64URL, 59...59),
        .init("pulumi-token", "pul-", .hex, 40...40), .init("doppler-token", "dp.pt.", .alphanumeric, 40...44),
        .init("doppler-token", "dp.st.", .dotted, 40...90), .init("doppler-token", "dp.ct.", .alphanumeric, 40...44),
        .init("doppler-token", "dp.sa.", .alphanumeric, 40...44),
        .init("linear-token", "lin_api_", .alphanumeric, 40...40),
        .init("linear-token", "lin_oauth_", .hex, 64...64), .init("sourcegraph-token", "sgp_", .base64URL, 40...64),
        .init("snyk-token", "snyk_uat.", .dotted, 40...120),
        .init("launchdarkly-key", "sdk-", .base64URL, 36...40, .random),
        .init("launchdarkly-key", "api-", .base64URL, 36...40, .random),
        .init("prefect-token", "pnu_", .lowerAlphanumeric, 36...36),
        .init("readme-token", "rdme_", .lowerAlphanumeric, 70...70),
        .init("infracost-token", "ico-", .alphanumeric, 32...32),
        .init("octopus-token", "API-", .upperAlphanumeric, 25...31, .random),
        .init("netlify-token", "nfp_", .alphanumeric, 36...40),
        .init("vercel-token", "vcp_", .alphanumeric, 50...64), .init("wakatime-token", "waka_", .base64URL, 36...36),
        .init("figma-token", "figd_", .base64URL, 40...48),
        .init("notion-token", "ntn_", .alphanumeric, 43...50),
        .init("notion-token", "secret_", .alphanumeric, 43...43, .random),
        .init("supabase-key", "sbp_", .hex, 40...40),
        .init("supabase-key", "sb_secret_", .base64URL, 30...50),
        .init("planetscale-token", "pscale_tkn_", .dotted, 32...64),
        .init("planetscale-token", "pscale_pw_", .dotted, 32...64),
        .init("planetscale-token", "pscale_oauth_", .dotted, 32...64),
        .init("neon-key", "napi_", .alphanumeric, 60...80), .init("grafana-token", "glsa_", .base64URL, 40...41),
        .init("grafana-token", "glc_", .base64, 32...400), .init("grafana-token", "eyJrIjoi", .base64, 70...400),
        .init("deno-token", "ddp_", .alphanumeric, 36...36), .init("deno-token", "ddw_", .alphanumeric, 36...36),
        .init("onepassword-token", "ops_eyJ", .base64URL, 200...2000), .init("fly-token", "fo1_", .base64URL, 43...43),
        .init("fly-token", "fm2_", .base64, 100...2000), .init("tailscale-key", "tskey-", .base64URL, 20...90),
        .init("scalingo-token", "tk-us-", .base64URL, 48...48),
        .init("contentful-token", "CFPAT-", .base64URL, 43...43),
        .init("ngrok-token", "ngrok_", .alphanumeric, 40...60),
        .init("age-key", "AGE-SECRET-KEY-1", .upperAlphanumeric, 58...58),
    ]

    private static let cloud: [TokenFormat] = [
        .init("google-api-key", "AIza", .base64URL, 35...35),
        .init("google-oauth-token", "ya29.", .base64URL, 20...2048),
        .init("google-client-secret", "GOCSPX-", .base64URL, 28...28),
        .init("google-refresh-token", "1//0", .base64URL, 40...120),
        .init("gcs-hmac-key", "GOOG1E", .upperAlphanumeric, 55...55),
        .init("digitalocean-token", "dop_v1_", .hex, 64...64), .init("digitalocean-token", "doo_v1_", .hex, 64...64),
        .init("digitalocean-token", "dor_v1_", .hex, 64...64), .init("heroku-key", "HRKU-", .base64URL, 36...64),
        .init("databricks-token", "dapi", .hex, 32...34), .init("vault-token", "hvs.", .base64URL, 24...300),
        .init("vault-token", "hvb.", .base64URL, 24...300), .init("vault-token", "hvr.", .base64URL, 24...300),
        .init("newrelic-key", "NRAK-", .upperAlphanumeric, 27...27),
        .init("newrelic-key", "NRJS-", .hex, 19...19), .init("newrelic-key", "NRII-", .base64URL, 32...32),
        .init("newrelic-key", "NRIQ-", .base64URL, 32...32), .init("newrelic-key", "NRRA-", .hex, 42...42),
        .init("dynatrace-token", "dt0c01.", .dotted, 80...120), .init("dynatrace-token", "dt0s16.", .dotted, 60...120),
        .init("alibaba-key", "LTAI", .alphanumeric, 16...24, .random),
        .init("tencent-key", "AKID", .alphanumeric, 32...32, .random),
        .init("yandex-token", "AQVN", .base64URL, 35...40),
        .init("yandex-token", "y0_", .base64URL, 50...60), .init("openshift-token", "sha256~", .base64URL, 43...43),
        .init("terraform-token", ".atlasv1.", .dotted, 60...70),
        .init("cloudflare-key", "v1.0-", .base64URL, 100...200),
        .init("confluent-key", "cflt", .base64, 56...60), .init("nvidia-key", "nvapi-", .base64URL, 60...80),
        .init("defined-token", "dnkey-", .base64URL, 60...80),
        .init("volcengine-key", "AKLT", .base64URL, 32...64, .random),
        .init("aws-bedrock-key", "ABSK", .base64, 100...200),
        .init("aws-bedrock-key", "bedrock-api-key-", .base64, 60...4000),
        .init("aws-appsync-key", "da2-", .lowerAlphanumeric, 26...26),
        .init("aws-mws-token", "amzn.mws.", .base64URL, 36...36), .init("aws-lwa-token", "Atzr|", .base64URL, 60...700),
        .init("aws-lwa-token", "Atza|", .base64URL, 60...700),
        .init("aws-lwa-secret", "amzn1.oa2-cs.v1.", .hex, 64...64),
    ]

    private static let communication: [TokenFormat] = [
        .init("slack-token", "xoxb-", .base64URL, 20...255), .init("slack-token", "xoxp-", .base64URL, 20...255),
        .init("slack-token", "xoxa-", .base64URL, 20...255), .init("slack-token", "xoxr-", .base64URL, 20...255),
        .init("slack-token", "xoxs-", .base64URL, 20...255), .init("slack-token", "xoxo-", .base64URL, 20...255),
        .init("slack-token", "xoxd-", .dotted, 20...400), .init("slack-token", "xoxc-", .base64URL, 20...255),
        .init("slack-token", "xoxe.xox", .dotted, 20...400), .init("slack-token", "xoxe-", .base64URL, 20...400),
        .init("slack-token", "xapp-", .base64URL, 20...255),
        .init("slack-webhook", "hooks.slack.com/services/", .base64, 30...80),
        .init("slack-webhook", "hooks.slack.com/workflows/", .base64, 40...120),
        .init("slack-webhook", "hooks.slack.com/triggers/", .base64, 40...120),
        .init("discord-webhook", "discord.com/api/webhooks/", .dotted, 60...120),
        .init("discord-webhook", "discordapp.com/api/webhooks/", .dotted, 60...120),
        .init("teams-webhook", ".webhook.office.com/webhookb2/", .dotted, 80...300),
        .init("zapier-webhook", "hooks.zapier.com/hooks/catch/", .dotted, 10...60),
        .init("twilio-key", "SK", .hex, 32...32), .init("sendgrid-key", "SG.", .dotted, 60...70),
        .init("mailgun-key", "key-", .hex, 32...32), .init("mailgun-key", "pubkey-", .hex, 32...32),
        .init("sendinblue-key", "xkeysib-", .base64URL, 70...90),
        .init("sendinblue-key", "xsmtpsib-", .base64URL, 70...90),
        .init("facebook-token", "EAACEdEose0cBA", .alphanumeric, 20...255),
        .init("facebook-token", "EAAG", .alphanumeric, 80...255),
        .init("facebook-token", "EAAB", .alphanumeric, 80...255),
        .init("facebook-token", "EAAC", .alphanumeric, 80...255),
        .init("twitter-bearer", "AAAAAAAAAAAAAAAAAAAAA", .dotted, 70...110),
        .init("dropbox-token", "sl.", .base64URL, 120...1600, .random),
        .init("typeform-token", "tfp_", .dotted, 40...62),
        .init("hubspot-token", "pat-na1-", .base64URL, 36...36),
        .init("hubspot-token", "pat-eu1-", .base64URL, 36...36),
        .init("mapbox-token", "sk.eyJ", .dotted, 60...200), .init("intercom-token", "dG9rO", .base64, 50...60),
    ]

    private static let business: [TokenFormat] = [
        .init("stripe-key", "sk_live_", .alphanumeric, 16...250),
        .init("stripe-key", "sk_test_", .alphanumeric, 16...250),
        .init("stripe-key", "rk_live_", .alphanumeric, 16...250),
        .init("stripe-key", "rk_test_", .alphanumeric, 16...250),
        .init("stripe-key", "sk_prod_", .alphanumeric, 16...250),
        .init("stripe-webhook-secret", "whsec_", .base64, 24...80),
        .init("square-token", "sq0atp-", .base64URL, 22...22), .init("square-token", "sq0csp-", .base64URL, 43...43),
        .init("square-token", "EAAAE", .base64URL, 59...59), .init("shopify-token", "shpat_", .hex, 32...32),
        .init("shopify-token", "shpca_", .hex, 32...32), .init("shopify-token", "shppa_", .hex, 32...32),
        .init("shopify-token", "shpss_", .hex, 32...32),
        .init("braintree-token", "access_token$production$", .dotted, 40...60),
        .init("braintree-token", "access_token$sandbox$", .dotted, 40...60),
        .init("plaid-token", "access-production-", .base64URL, 36...36),
        .init("plaid-token", "access-sandbox-", .base64URL, 36...36),
        .init("plaid-token", "access-development-", .base64URL, 36...36),
        .init("razorpay-key", "rzp_live_", .alphanumeric, 14...14),
        .init("flutterwave-key", "FLWSECK_TEST-", .dotted, 12...40),
        .init("flutterwave-key", "FLWSECK-", .dotted, 12...40), .init("paystack-key", "sk_live_", .hex, 40...40),
        .init("gocardless-token", "live_", .base64URL, 40...40, .random),
        .init("shippo-token", "shippo_live_", .hex, 40...40),
        .init("shippo-token", "shippo_test_", .hex, 40...40), .init("easypost-key", "EZAK", .alphanumeric, 54...54),
        .init("easypost-key", "EZTK", .alphanumeric, 54...54), .init("duffel-token", "duffel_", .base64URL, 48...52),
        .init("frameio-token", "fio-u-", .base64URL, 64...64), .init("adobe-secret", "p8e-", .alphanumeric, 32...32),
        .init("rootly-key", "rootly_", .hex, 64...64),
        .init("adafruit-key", "aio_", .alphanumeric, 28...28), .init("ubidots-token", "BBFF-", .alphanumeric, 30...34),
    ]

    private static let models: [TokenFormat] = [
        .init("openai-key", "sk-proj-", .base64URL, 40...200), .init("openai-key", "sk-svcacct-", .base64URL, 40...200),
        .init("openai-key", "sk-admin-", .base64URL, 40...200), .init("openai-key", "sk-None-", .base64URL, 40...200),
        .init("anthropic-key", "sk-ant-", .base64URL, 40...200), .init("langfuse-key", "sk-lf-", .base64URL, 36...36),
        .init("openrouter-key", "sk-or-v1-", .hex, 64...64),
        .init("openai-key", "sk-", .alphanumeric, 32...64, .random),
        .init("huggingface-token", "hf_", .alphanumeric, 30...40),
        .init("huggingface-token", "api_org_", .alphanumeric, 34...34),
        .init("replicate-token", "r8_", .base64URL, 37...40), .init("groq-key", "gsk_", .alphanumeric, 48...56),
        .init("perplexity-key", "pplx-", .alphanumeric, 40...56), .init("xai-key", "xai-", .alphanumeric, 70...90),
        .init("pinecone-key", "pcsk_", .base64URL, 50...80), .init("langsmith-key", "lsv2_pt_", .base64URL, 32...50),
        .init("langsmith-key", "lsv2_sk_", .base64URL, 32...50), .init("tavily-key", "tvly-", .base64URL, 32...50),
        .init("elevenlabs-key", "sk_", .hex, 48...48), .init("cursor-key", "key_", .hex, 64...64),
    ]
}
