import Masking
import Testing

/// Where people keep secrets, told by the layout around them; and what looks like it and is none.
@Suite("Layouts of secrets")
struct LayoutTests {
    private static let value = "q7Zp2Lk9Xw4Rt8Vb"

    private static let layouts = [
        "db.internal:5432:orders:app:\(value)\n", "*:*:*:app:\(value)\n",
        "Parameters:\n  DbPassword:\n    Type: String\n    Default: \"\(value)\"\nResources: {}\n",
        "data:\n  api_secret: >-\n    \(value)\n  other: x\n", "data:\n  password: |\n    \(value)\n    more\n",
        "val dbPassword: String = \"\(value)\"\n", "const API_SECRET: &str = \"\(value)\";\n",
        "const password?: string = '\(value)';\n", "const k = process.env.DB_PASSWORD || '\(value)';\n",
        "os.environ.get(\"DB_PASSWORD\", \"\(value)\")\n", "source.setRedisAuth(\"\(value)\");\n",
        "host,user,password,port\ndb1,app,\(value),5432\ndb2,app,\(value),5432\n",
        "id\tpassword\tnote\n7\t\(value)\tx\n", "key,value\nDB_PASSWORD,\(value)\n",
        "\"id\",\"password\",\"note\"\n\"7,5\",\"\(value)\",\"x\"\n",
        "<dict><key>Password</key><string>\(value)</string></dict>",
        "[{\\\"value\\\": \\\"\(value)\\\", \\\"name\\\": \\\"DB_PASSWORD\\\"}]",
        "say {\"value\": \"\(value)\", \"name\": \"DB_PASSWORD\"} x", "az login -u x -p \(value) --tenant y\n",
        "redirect=https%3A%2F%2Fjane%3A\(value)%40api.acme.io%2F", "ENV SHAREDACCESSKEY \(value)\nCMD run\n",
        "> X-Api-Secret: (\(value))!x9\n", "Kennwort/Password: \(value)\n", "the new password is \(value).\n",
        "the new ssl.keystore.password is V@iolet_3671\nx", "helm --set db.password=\(value),image.tag=1\n",
        "{\"keys\": [{\"kty\": \"EC\", \"x\": \"abc\", \"d\": \"\(value)\(value)\"}]} text",
        "jane:{SHA}MHvt0eBNW/YvznPuH+q29S7gQ7c=\n", "java -DDB_PASSWORD=u(w#h2%why_+3)v)dg+_g^vw -jar a.jar\n",
    ]

    private func result(_ text: String, isObject: Bool = false) throws -> String {
        let engine = try #require(defaultEngine)
        guard isObject else { return try engine.mask(text: text, fingerprintKey: testKey) }
        return try masked(text, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true)
    }

    @Test("Finds a value whose name stands apart from it", arguments: layouts)
    func finds(_ text: String) throws {
        for isObject in [false, true] {
            let result = try result(text, isObject: isObject)
            for leak in [Self.value, "V@iolet", "MHvt0eB", "h2%why", "dg+_g"] {
                #expect(!result.contains(leak), "\(result)")
            }
            #expect(result != text)
        }
    }

    @Test("Finds it across the border of two windows, and the same for every cut", arguments: layouts)
    func findsAcrossWindows(_ text: String) throws {
        let line = "an ordinary line of some log without anything in it\n"
        for lead in stride(from: 65_536 - text.utf8.count - 8, through: 65_540, by: 7) {
            let start = String(repeating: line, count: lead / line.utf8.count + 1).prefix(max(0, lead - 1)) + "\n"
            let body = Array((start + text + "\n" + String(repeating: line, count: 1_400)).utf8)
            let whole = try masked(body, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true).body
            let result = String(decoding: whole[(lead - 200)..<(lead + text.utf8.count + 200)], as: UTF8.self)
            for leak in [Self.value, "V@iolet", "MHvt0eB", "h2%why", "dg+_g"] {
                #expect(!result.contains(leak), "\(lead): \(result)")
            }
            let cut = try masked(body, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true, step: 4_093)
                .body
            #expect(cut == whole)
        }
    }

    @Test(
        "Leaves expressions, labels, references and public values",
        arguments: [
            "secret_key = settings.SECRET_KEY\napi_key = config.get('api_key')\n",
            "const password = req.body.password;\nif (user.token !== token) throw 1;\n", "this.apiKey = apiKey;\n",
            "def check(password: str, password_hash: str) -> bool:\n", "password = var.db_password\n",
            "password: Optional[str] = None\n", "secret: !Ref DBSecret\n", "client_secret: <your-client-secret>\n x",
            "\"login.password.forgot\": \"Forgot your password?\"", "password: {{ .Values.db.password }}\n",
            "https://0a1b2c3d4e5f60718293a4b5c6d7e8f9@o123456.ingest.sentry.io/4455322",
            "Date:   Sat Mar 1 10:00:00 2025 +0000\n", "Message-ID: <q7Zp2Lk9Xw4Rt8Vb1Nc5@email.amazonses.com>",
            "password: [REDACTED]\n", "pass: 12 fail: 0\n",
            "ObjectKey: logs/2024/829d1e1517d46b72d57ef4e5bf3e92ea.gz\n",
            "Sec-WebSocket-Key: p1wmfh8FIBjArmRe+BWSHw==\n",
            "arn:aws:secretsmanager:eu-central-1:499785495196:secret:river/harbor-password-ncF33F: ftofq4qqe4c37hl2k84rpmpdv4",
            "alias/token-key (\"426804616ff6ddfab18a0e0e4a77abff\")",
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"q\(value)\(value)\",\"n\":\"d\(value)\(value)\",\"e\":\"AQAB\"}]}",
            "docker run -p 8080:80 -a stdin image\nmkdir -p data/q7Zp2Lk9\n", "10.1.2.3:5432:100:200:300\n",
            "name,password_hint,count\nx,q7Zp2Lk9Xw4Rt8Vb,3\n", "id,token_type,expires\n7,q7Zp2Lk9Xw4Rt8Vb,3\n",
        ]
    )
    func keeps(_ text: String) throws {
        #expect(try result(text) == text)
        #expect(try result(text, isObject: true) == text)
    }

    @Test("Opens base64 and hexadecimal that no word announces, at any alignment")
    func opensQuietRuns() throws {
        let secret = "cfg=1; gl" + "pat-" + nonsense(20) + " ; rest of the line"
        for shift in 0..<3 {
            let bytes = Array((String(repeating: "-", count: shift) + secret).utf8)
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            for run in [base64Text(bytes), hex] {
                for text in ["blob \(run) end", "{\"a\":{\"b\":\"x \(run)\"}}", "<R><A>y \(run)</A></R>"] {
                    #expect(try !result(text).contains(run.suffix(60).prefix(24)), "\(text)")
                }
            }
        }
        for digest in [String(repeating: "0a1b2c3d", count: 8), "MDAwMDAwMGJz" + nonsense(50), nonsense(200)] {
            #expect(try result("sum \(digest) end") == "sum \(digest) end")
        }
    }

    @Test(
        "Says what a token is, whatever its name says",
        arguments: ["{\"token\":\"\u{1}\"}", "token: \u{1}\n", "{\"a\":\"\\n\u{1}\"}"]
    )
    func namesTheType(_ form: String) throws {
        let token = "gh" + "p_" + nonsense(36)
        let text = form.replacing("\u{1}", with: token)
        let engine = try #require(defaultEngine)
        #expect(try engine.findings(in: Array(text.utf8)) == ["github-token": 1])
    }

    @Test("Masks names of resources without taking people out of them")
    func resources() throws {
        let engine = try #require(defaultEngine)
        let token = "gh" + "p_" + nonsense(36)
        #expect(
            withoutFingerprints(
                try engine.mask(resource: "arn:aws:s3:::b/\(token)/jane.doe@acme.org", fingerprintKey: testKey)
            )
                == "arn:aws:s3:::b/[masked:github-token:#]/jane.doe@acme.org"
        )
    }

    @Test(
        "Judges a header field that a user wrote by its name and by its look",
        arguments: [
            ("x-amz-meta-db-password", "Tr0ub4dor99", true), ("x-amz-meta-note", "x password=Tr0ub4dor99", true),
            ("Location", "https://u:Tr0ub4dor99@h/", true), ("x-amz-meta-owner", "payments-team", false),
            ("x-amz-meta-sha256", "0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d", false),
            ("ETag", "\"Tr0ub4dor99password=\"", false),
            ("x-amz-meta-key-id", "AKIA0123456789ABCDEF", false), ("x-amz-version-id", "q7Zp2Lk9Xw4Rt8Vb", false),
        ]
    )
    func headers(_ name: String, _ value: String, _ isMasked: Bool) throws {
        let engine = try #require(defaultEngine)
        let result = try engine.maskHeader(name: name, value: value, fingerprintKey: testKey)
        #expect((result != value) == isMasked, "\(result)")
        #expect(!isMasked || !result.contains("Tr0ub4dor99"))
    }
}
