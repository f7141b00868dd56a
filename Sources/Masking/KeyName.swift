/// What the name of a value says about it.
enum KeyName {
    enum Strength {
        /// Nothing.
        case none
        /// That the value is a name, an id, a page token or a setting, whatever the words in it.
        case benign
        /// That it may be a secret, if it looks like one.
        case weak
        /// That it is one unless it looks like a name; a UUID may be one.
        case medium
        /// That it is a number of a person, if it looks like one.
        case identity
        /// A provider's name: that it may be a key, if nothing but random letters and digits is in it.
        case provider
        /// That it is one.
        case strong
    }

    /// Longest name that is looked at; the end of a longer one counts.
    static let maximumLength = 64

    /// What `name` says, for example `DB_PASSWORD`, `spring.datasource.password`, `clientSecret`, `--api-key`.
    static func strength(of name: Span<UInt8>) -> Strength {
        var letters = InlineArray<64, UInt8>(repeating: 0)
        var count = 0
        let start = max(0, name.count - maximumLength)
        for index in start..<name.count where name[index].isAlphanumeric {
            letters[count] = name[index].lowercased
            count += 1
        }
        guard count >= 2 else { return .none }
        let text = letters.span.extracting(0..<count)
        for part in identityParts where contains(text, part) { return .identity }
        for ending in identityEndings where ends(text, with: ending) { return .identity }
        for cookie in sessionCookies where ends(text, with: cookie) { return .medium }
        for ending in benignEndings where ends(text, with: ending) { return .benign }
        for part in benignParts where contains(text, part) { return .benign }
        for part in strongParts where contains(text, part) { return .strong }
        for ending in strongEndings where ends(text, with: ending) { return .strong }
        for part in mediumParts where contains(text, part) { return .medium }
        for part in weakParts where contains(text, part) { return .weak }
        for ending in weakEndings where ends(text, with: ending) { return .weak }
        for provider in providers where contains(text, provider) { return .provider }
        return .none
    }

    /// Names after which a pair has its value.
    static func isPairValue(_ name: Span<UInt8>) -> Bool {
        guard
            name.count == 1 || name.count >= 5 && name.hasIgnoringCase("value", at: name.count - 5)
                || name.count == 7 && name.hasIgnoringCase("default", at: 0)
        else { return false }
        for word in pairValues where name.count == word.utf8CodeUnitCount && name.hasIgnoringCase(word, at: 0) {
            return true
        }
        return false
    }

    /// Names whose value is the name in a pair.
    static func isPairName(_ name: Span<UInt8>) -> Bool {
        switch name.at(name.count - 1).map({ $0 | 0x20 }) {
        case UInt8(ascii: "e") where name.count >= 4, UInt8(ascii: "y") where name.count >= 3, UInt8(ascii: "k"),
            UInt8(ascii: "d"):
            break
        default: return false
        }
        for word in pairNames where name.count == word.utf8CodeUnitCount && name.hasIgnoringCase(word, at: 0) {
            return true
        }
        return false
    }

    private static let pairNames: [StaticString] = [
        "name", "key", "parameterkey", "optionname", "outputkey", "parametername", "headername", "attributename",
        "environmentvariablename", "k", "field", "variable",
    ]

    private static let pairValues: [StaticString] = [
        "value", "parametervalue", "optionvalue", "outputvalue", "headervalue", "defaultvalue", "attributevalue",
        "stringvalue", "v", "resolvedvalue", "currentvalue", "default",
    ]

    private static let benignEndings: [StaticString] = [
        "arn", "id", "ids", "name", "names", "nameprefix", "type", "url", "uri", "path", "file", "policy", "length",
        "count", "version", "versions", "status", "state", "date", "time", "at", "age", "days", "expires", "expiry",
        "expiration", "enabled", "disabled", "required", "used", "lastused", "rotation", "size", "algorithm", "spec",
        "usage", "format", "enc", "endpoint", "endpoints", "hint", "label", "description", "provider", "source",
        "method", "prefix", "suffix", "mode", "region", "ttl", "seconds", "minutes", "validity", "scopes", "scope",
        "supported", "changed", "changerequired", "resetrequired", "complexity", "history", "attempts", "manager",
        "managed", "reference", "ref", "selector", "regex", "pattern", "field", "column", "table", "header", "class",
        "fingerprint", "thumbprint", "digest", "checksum", "md5", "sha256", "publickey", "kid", "limit", "tokens",
        "index", "handler", "bucket", "tokentype", "allowed", "rules", "store", "storename", "issuer", "audience",
        "principal", "generator", "validator", "encoder", "encoding", "characters", "response", "request", "schema",
        "requests", "secrets", "stage", "stages", "labels", "settings", "config", "options", "units", "fragment",
    ]

    private static let benignParts: [StaticString] = [
        "nexttoken", "pagetoken", "pagination", "continuation", "clienttoken", "requesttoken", "idempoten",
        "changetoken", "locktoken", "forwardtoken", "backwardtoken", "startingtoken", "creatortoken", "creationtoken",
        "tasktoken", "resumetoken", "synctoken", "uploadtoken", "sequencetoken", "shardtoken", "cancellationtoken",
        "synctoken", "csrfheader", "websocketkey", "objectkey", "s3key", "bucketkey", "filekey", "cachekey",
        "restorekey", "sortkey", "routekey", "publickey",
        "lastevaluatedkey", "exclusivestartkey", "partitionkey", "sortkey",
        "hashkey", "rangekey", "primarykeycolumn", "tokenusage", "maxtoken", "inputtoken", "outputtoken",
        "totaltoken", "purchasetoken", "granttoken", "verificationtoken", "dkimtoken", "prevention", "tokencount",
        "tokenizer", "passwordless", "passwordpolicy", "secretname", "keypairname",
        "authenticationtype", "authorizationtype", "authtype", "keyalias", "snapshotpassword", "previoustoken",
    ]

    private static let strongParts: [StaticString] = [
        "password", "passwd", "passphrase", "passwort", "motdepasse", "contrasena", "secretkey", "secretaccesskey",
        "clientsecret", "apisecret", "appsecret", "consumersecret", "tokensecret", "webhooksecret", "secretstring",
        "secretvalue", "sharedsecret", "signingsecret", "privatekey", "encryptionkey", "masterkey", "signingkey",
        "sharedaccesskey", "accountkey", "storagekey", "sharedkey", "presharedkey", "connectionstring", "jwtsecret",
        "sessiontoken", "securitytoken", "secrettoken", "userpass", "dbpass", "rootpass", "adminpass", "mysqlpwd",
        "bindpw", "userpw", "secretkeybase", "cookiesecret", "bindcredential", "kennwort", "redisauth", "aeskey",
    ]

    private static let strongEndings: [StaticString] = [
        "pwd", "pw", "pass", "passcode", "pincode", "secret", "dbpw", "psk", "mfaseed", "totpseed", "privkey",
    ]

    private static let identityParts: [StaticString] = [
        "passport", "dateofbirth", "birthdate", "nationalid", "driverslicen", "driverlicen", "drivinglicen",
        "socialsecurity", "taxid", "nhsnumber", "nationalinsurance", "aadhaar", "taxpayer", "socialinsurance", "idcard",
        "phonenumber", "mobilenumber", "telephone", "identitynumber",
    ]

    private static let identityEndings: [StaticString] = [
        "ssn", "dob", "cpf", "nino", "cnpj", "pesel", "phone", "birthday",
    ]

    private static let sessionCookies: [StaticString] = ["jsessionid", "phpsessid", "connectsid", "aspnetsessionid"]

    private static let mediumParts: [StaticString] = [
        "apikey", "apitoken", "authtoken", "accesstoken", "privatetoken", "apisecret", "personalaccesstoken",
        "vaulttoken",
        "bottoken", "deploytoken", "botsecret", "admintoken", "servicetoken",
    ]

    /// Providers by which people call the keys that they got from them.
    static let providers: [StaticString] = [
        "adafruit", "adobe", "airtable", "algolia", "asana", "atlassian", "auth0", "beamer", "bitbucket", "bittrex",
        "cloudflare", "codecov", "cohere", "coinbase", "confluent", "contentful", "databricks", "datadog",
        "digitalocean",
        "discord", "droneci", "dropbox", "dynatrace", "etsy", "facebook", "fastly", "finicity", "finnhub", "flickr",
        "freshbooks", "gitter", "heroku", "hubspot", "intercom", "jfrog", "kraken", "kucoin", "launchdarkly",
        "linkedin",
        "looker", "mailchimp", "mailgun", "mapbox", "mattermost", "meraki", "messagebird", "mistral", "netlify",
        "newrelic",
        "nytimes", "okta", "openai", "pagerduty", "paypal", "plaid", "postmark", "rapidapi", "rollbar", "sendbird",
        "sendgrid", "sentry", "shodan", "snyk", "sonar", "squarespace", "stripe", "sumologic", "telegram", "travis",
        "trello", "twilio", "twitch", "twitter", "vercel", "yandex", "zendesk", "clickup", "opsgenie", "honeycomb",
    ]

    private static let weakParts: [StaticString] = [
        "token", "secret", "apikey", "accesskey", "authkey", "appkey", "licensekey", "licencekey", "credential",
        "bearer", "authorization", "cookie", "servicekey", "functionkey", "deploykey", "subscriptionkey",
        "integrationkey", "ingestionkey", "routingkey", "personalaccess", "databaseurl", "webhook", "jwt",
        "clientkeydata", "hmackey", "writekey", "serverkey", "projectkey", "sentrydsn", "sessionsecret",
    ]

    private static let weakEndings: [StaticString] = [
        "key", "auth", "authentication", "pat", "salt", "seed", "dsn", "sid", "otp",
    ]

    private static func ends(_ text: Span<UInt8>, with ending: StaticString) -> Bool {
        text.has(ending, at: text.count - ending.utf8CodeUnitCount)
    }

    private static func contains(_ text: Span<UInt8>, _ part: StaticString) -> Bool {
        text.find(part, from: 0, to: text.count) != nil
    }
}
