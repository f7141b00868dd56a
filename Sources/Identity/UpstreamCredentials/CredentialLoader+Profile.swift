extension CredentialLoader {
    /// The most profiles that lead to one another.
    private static let maximumChain = 5

    /// Loads from a profile of `~/.aws/credentials` and `~/.aws/config` (or where the variables say they are).
    func profile(_ name: String?, at now: UnixTime) throws(AWSCredentialsError) -> AWSCredentials {
        let profiles = try profiles()
        let wanted = name ?? variable("AWS_PROFILE")
        guard let wanted else {
            guard profiles["default"] != nil else { throw .notConfigured }
            return try resolve("default", in: profiles, visited: [], at: now)
        }
        return try resolve(wanted, in: profiles, visited: [], at: now)
    }

    private func resolve(
        _ name: String,
        in profiles: [String: [String: String]],
        visited: [String],
        at now: UnixTime
    ) throws(AWSCredentialsError) -> AWSCredentials {
        guard let settings = profiles[name] else { throw .unknownProfile(name) }
        guard visited.count < Self.maximumChain else { throw .profileLoop(name) }
        // A profile that names itself as its source means its own static keys.
        if let role = settings["role_arn"], visited.last != name {
            return try assume(role, name, settings, in: profiles, visited: visited + [name], at: now)
        }
        if let id = settings["aws_access_key_id"] {
            guard
                let credentials = AWSCredentials(
                    accessKeyID: id,
                    secretAccessKey: settings["aws_secret_access_key"] ?? "",
                    sessionToken: settings["aws_session_token"],
                    expires: nil
                )
            else { throw .malformed(source: "profile \(name)") }
            return credentials
        }
        for setting in ["credential_process", "sso_session", "sso_account_id", "sso_start_url"]
        where settings[setting] != nil {
            throw .unsupported(profile: name, setting: setting)
        }
        // A profile with a region alone is set up for something else.
        guard visited.isEmpty, name == "default", variable("AWS_PROFILE") == nil else {
            throw .malformed(source: "profile \(name)")
        }
        throw .notConfigured
    }

    private func assume(
        _ role: String,
        _ name: String,
        _ settings: [String: String],
        in profiles: [String: [String: String]],
        visited: [String],
        at now: UnixTime
    ) throws(AWSCredentialsError) -> AWSCredentials {
        let session = settings["role_session_name"]
        if let file = settings["web_identity_token_file"] {
            return try webIdentity(file: file, role: role, session: session, at: now)
        }
        guard settings["mfa_serial"] == nil else { throw .unsupported(profile: name, setting: "mfa_serial") }
        let base: AWSCredentials
        switch (settings["source_profile"], settings["credential_source"]) {
        case (let source?, nil): base = try resolve(source, in: profiles, visited: visited, at: now)
        case (nil, "Environment"?): base = try load(.environment, at: now)
        case (nil, "EcsContainer"?): base = try load(.container, at: now)
        case (nil, "Ec2InstanceMetadata"?): base = try load(.instance, at: now)
        default: throw .malformed(source: "profile \(name)")
        }
        guard let arn = try? RoleARN(parsing: role),
            let sessionName = try? RoleSessionName(parsing: session ?? "postern")
        else { throw .malformed(source: "profile \(name)") }
        let identity = UpstreamIdentity(role: arn, sessionName: sessionName, externalID: settings["external_id"])
        return try sts.assumeRole(identity, with: base, at: now)
    }

    /// The profiles of both files by name; where both have a setting, the credentials file's counts.
    private func profiles() throws(AWSCredentialsError) -> [String: [String: String]] {
        let home = variable("HOME") ?? ""
        let config = variable("AWS_CONFIG_FILE") ?? "\(home)/.aws/config"
        let credentials = variable("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials"
        var profiles = try sections(of: config) { section in
            if section == "default" { return section }
            guard section.hasPrefix("profile ") else { return nil }
            return section.dropFirst("profile ".count).trimmingSpaces()
        }
        for (name, settings) in try sections(of: credentials, named: { $0 }) {
            profiles[name, default: [:]].merge(settings) { $1 }
        }
        return profiles
    }

    /// Reads `[section]` and `name = value` lines; indented lines belong to nested settings and are left out.
    private func sections(
        of path: String,
        named name: (String) -> String?
    ) throws(AWSCredentialsError) -> [String: [String: String]] {
        guard let bytes = try read(path) else { return [:] }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed(source: path) }
        var sections: [String: [String: String]] = [:]
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#") || line.hasPrefix(";") || line.hasPrefix(" ") || line.hasPrefix("\t") { continue }
            if line.hasPrefix("[") {
                guard let end = line.firstIndex(of: "]") else { throw .malformed(source: path) }
                current = name(line[line.index(after: line.startIndex)..<end].trimmingSpaces())
                if let current, sections[current] == nil { sections[current] = [:] }
                continue
            }
            guard let equals = line.firstIndex(of: "=") else { throw .malformed(source: path) }
            guard let current else { continue }
            let setting = line[..<equals].trimmingSpaces().lowercased()
            let value = line[line.index(after: equals)...].trimmingSpaces()
            if !value.isEmpty { sections[current]?[setting] = value }
        }
        return sections
    }
}
