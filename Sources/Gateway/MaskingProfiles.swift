public import AWSRequest
public import Configuration
public import Masking
public import Policy

/// Masking profiles of the configuration as engines.
public enum MaskingProfiles {
    /// Compiles every profile, and tries what its detectors bring as tests.
    ///
    /// - Throws: every mistake at once, by file and line.
    public static func engines(
        _ profiles: [String: MaskingSettings],
        catalogue: Catalogue
    ) throws(ConfigurationErrors) -> [String: MaskingEngine] {
        var engines: [String: MaskingEngine] = [:]
        var mistakes: [ConfigurationMistake] = []
        for (name, settings) in profiles {
            do throws(ConfigurationErrors) {
                engines[name] = try engine(settings, catalogue: catalogue)
            } catch {
                mistakes += error.mistakes
            }
        }
        guard mistakes.isEmpty else {
            throw ConfigurationErrors(mistakes: mistakes.sorted { $0.line < $1.line })
        }
        return engines
    }

    /// Compiles one profile.
    public static func engine(
        _ settings: MaskingSettings,
        catalogue: Catalogue
    ) throws(ConfigurationErrors) -> MaskingEngine {
        var reading = Reading(settings)
        reading.readSwitches()
        reading.readMembers(catalogue)
        reading.readDetectors()
        guard reading.mistakes.isEmpty else { throw ConfigurationErrors(mistakes: reading.mistakes) }
        do throws(MaskingError) {
            return try MaskingEngine(profile: reading.profile)
        } catch {
            throw ConfigurationErrors(mistakes: [reading.mistake(error)])
        }
    }

    /// Mistakes of a policy that names profiles which are not there, one for each.
    public static func missing(in profiles: some Collection<String>, policy: PolicySet) -> [String] {
        policy.maskProfiles.subtracting(profiles).sorted().map {
            "a statement says Mask: \($0), which the configuration's masking.profiles do not have"
        }
    }

    /// A profile as far as it was read.
    private struct Reading {
        let settings: MaskingSettings
        var profile = MaskingProfile()
        var mistakes: [ConfigurationMistake] = []

        init(_ settings: MaskingSettings) {
            self.settings = settings
            profile.unreadable = settings.unreadable == .deny ? .deny : .pass
            profile.requests =
                switch settings.requests {
                case .pass: .pass
                case .ask: .ask
                case .deny: .deny
                }
        }

        private mutating func add(_ message: String, line: Int) {
            mistakes.append(ConfigurationMistake(file: settings.file, line: line, message: message))
        }

        mutating func readSwitches() {
            let groups = ["model", "credentials", "personal"]
            let ordered =
                settings.detectors.filter { groups.contains($0.value.name) }
                + settings.detectors.filter { !groups.contains($0.value.name) }
            for item in ordered where !profile.turn(item.value.name, on: item.value.isOn) {
                let kinds = MaskingProfile.PersonalData.allCases.map(\.rawValue)
                add(
                    "detectors: nothing is called \(item.value.name); there are \(groups.joined(separator: ", ")), "
                        + "\(kinds.joined(separator: ", ")), and types of findings such as jwt or github-token",
                    line: item.line
                )
            }
        }

        mutating func readMembers(_ catalogue: Catalogue) {
            for (list, isMasked) in [(settings.members, true), (settings.excepted, false)] {
                for item in list {
                    let name = item.value.operation
                    let isKnown =
                        name.hasSuffix(".*")
                        ? catalogue.service(id: String(name.dropLast(2))) != nil
                        : catalogue.operation(named: name) != nil
                    if !isKnown { add("AWS has no operation \(name)", line: item.line) }
                    profile.members.append(.init(operation: name, path: item.value.path, isMasked: isMasked))
                }
            }
        }

        mutating func readDetectors() {
            for item in settings.own {
                let written = item.value
                let validator = MaskingProfile.Detector.Validator(rawValue: written.validator ?? "none")
                if validator == nil {
                    let known = MaskingProfile.Detector.Validator.allCases.map(\.rawValue)
                    add("validator must be \(known.joined(separator: ", "))", line: item.line)
                }
                profile.detectors.append(
                    .init(
                        type: written.type,
                        pattern: written.pattern,
                        validator: validator ?? .anything,
                        entropy: written.entropy,
                        context: written.context,
                        masks: written.masks,
                        keeps: written.keeps
                    )
                )
            }
        }

        /// What the engine says of the profile, at the line that it is about.
        func mistake(_ error: MaskingError) -> ConfigurationMistake {
            let (message, line) =
                switch error {
                case .invalidDetector(let index, let reason):
                    (
                        "detector \(profile.detectors.indices.contains(index) ? profile.detectors[index].type : ""): \(reason)",
                        settings.own.indices.contains(index) ? settings.own[index].line : settings.line
                    )
                case .invalidProfile(let reason): (reason, settings.line)
                default: ("the profile cannot be used: \(error)", settings.line)
                }
            return ConfigurationMistake(file: settings.file, line: line, message: message)
        }
    }
}
