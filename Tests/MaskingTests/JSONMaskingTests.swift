import Masking
import Testing

@Suite("Masking JSON")
struct JSONMaskingTests {
    @Test("Replaces members that the model knows, and nothing else")
    func byModel() throws {
        let body =
            #"{ "ARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3", "Name" : "db", "SecretString":"hunter2 is \"it\"", "VersionId":"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE","CreatedDate":1.523477145713E9}"#
        let expected =
            #"{ "ARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3", "Name" : "db", "SecretString":"[masked:secret:#]", "VersionId":"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE","CreatedDate":1.523477145713E9}"#
        #expect(try withoutFingerprints(masked(body, "secretsmanager.GetSecretValue")) == expected)
    }

    @Test("Replaces the values of an environment, not their names")
    func environment() throws {
        let body = #"{"Environment":{"Variables":{"LOG_LEVEL":"info","X":"y"}},"Handler":"a.b"}"#
        #expect(
            try withoutFingerprints(masked(body, "lambda.GetFunctionConfiguration", contentType: "application/json"))
                == #"{"Environment":{"Variables":{"LOG_LEVEL":"[masked:environment:#]","X":"[masked:environment:#]"}},"Handler":"a.b"}"#
        )
    }

    @Test(
        "Replaces a Systems Manager value unless its type says that it is plain, wherever the type stands",
        arguments: [
            (#"{"Parameter":{"Type":"SecureString","Value":"abc"}}"#, true),
            (#"{"Parameter":{"Value":"abc","Type":"SecureString"}}"#, true),
            (#"{"Parameter":{"Value":"abc"}}"#, true),
            (#"{"Parameter":{"Value":"abc","Name":"n","Type":"String"}}"#, false),
            (#"{"Parameter":{"Type":"StringList","Value":"abc,def"}}"#, false),
        ]
    )
    func systemsManager(_ body: String, isMasked: Bool) throws {
        let output = try masked(body, "ssm.GetParameter")
        #expect(output.contains("[masked:secret:") == isMasked)
        #expect(output.contains("abc") != isMasked)
    }

    @Test("Finds a value by its name, also in a pair of either order and through escapes")
    func byName() throws {
        let bodies = [
            #"{"db_password":"Tr0ub4dor"}"#, #"{"name":"DB_PASSWORD","value":"Tr0ub4dor"}"#,
            #"{"value":"Tr0ub4dor","name":"DB_PASSWORD"}"#, #"{"x":"{\"db_password\":\"Tr0ub4dor\"}"}"#,
            #"{"x":"db_password=Tr0ub4dor"}"#, #"{"x":"export DB_PASSWORD=Tr0ub4dor\nB=1"}"#,
            #"{"Item":{"password":{"S":"Tr0ub4dor"}}}"#,
        ]
        for body in bodies {
            let output = try masked(body, "x.Y")
            #expect(!output.contains("Tr0ub4dor"), "\(output)")
            #expect(output.hasSuffix(String(body.suffix(1))))
        }
    }

    @Test("Leaves page tokens, ids, names and dates to the byte")
    func benign() throws {
        let body =
            #"{"NextToken":"AAMA-EFRSURBSGhNbTlGbVhn3xQ9","SecretName":"prod/db","KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","PasswordLastUsed":"2024-01-15T10:00:00Z","a":[1,-2.5e10,true,null]}"#
        #expect(try masked(body, "x.Y") == body)
    }

    @Test("Keeps a number a number")
    func numbers() throws {
        #expect(try masked(#"{"password":123456,"card":4111111111111111}"#, "x.Y") == #"{"password":0,"card":0}"#)
    }

    @Test("Gives the same output for every split")
    func splits() throws {
        let token = "ghp" + "_" + nonsense(36)
        let bodies = [
            #"{"Parameter":{"Name":"a","Value":"s3cr\u0065t","Type":"SecureString"},"t":"x \#(token) y","n":12}"#,
            #"{"a":"AKIAIOSFODNN7EXAMPLE","b":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","c":[{"value":"v4lue99","name":"API_SECRET"}]}"#,
        ]
        for body in bodies {
            let whole = try masked(body, "ssm.GetParameter")
            #expect(whole != body)
            for step in 1...body.utf8.count { #expect(try masked(body, "ssm.GetParameter", step: step) == whole) }
        }
    }

    @Test(
        "Refuses what is no JSON, and passes nothing on",
        arguments: [
            "{", "{\"a\":1,}", "[1 2]", "{\"a\"}", "\"\u{1}\"", "{\"a\":\"\\x\"}", "01", "nul", "{}{}", "{\"a\":+1}",
            "]",
            "{'a':1}", "{\"a\":1", "[1.]", "\"abc",
        ]
    )
    func malformed(_ body: String) {
        let error = #expect(throws: MaskingError.self) { try masked(body, "x.Y") }
        guard case .malformed("json", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Refuses what nests too deep, one past the limit")
    func depth() throws {
        let deep = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        #expect(try masked(deep, "x.Y") == deep)
        #expect(throws: MaskingError.tooDeep) { try masked("[" + deep + "]", "x.Y") }
    }

    @Test("Passes an empty body")
    func empty() throws { #expect(try masked("", "x.Y").isEmpty) }

    @Test("Masks a document that is longer than its window as a whole")
    func long() throws {
        var body = "{\"items\":["
        for index in 0..<20_000 {
            body += #"{"id":"i-\#(index)","name":"PASSWORD","other":\#(index),"value":"Zx9-\#(index)-q"},"#
        }
        body += #"{"last":true}]}"#
        let output = try masked(body, "x.Y", step: 10_007)
        #expect(!output.contains("Zx9-"))
        #expect(output.hasSuffix(#"{"last":true}]}"#))
        #expect(try masked(body, "x.Y") == output)
    }
}
