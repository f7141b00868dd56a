/// One AWS region.
public struct Region: Sendable, Hashable {
    let index: Int

    /// The name, such as `eu-west-1`.
    public var name: String { nameText.string }

    /// The partition that the region belongs to.
    public var partition: Partition {
        let layout = CatalogueLayout.current
        return Partition(index: layout.field(1, of: index, in: layout.regions, width: 2))
    }

    var nameText: CatalogueText {
        let layout = CatalogueLayout.current
        return layout.text(layout.field(0, of: index, in: layout.regions, width: 2))
    }
}

/// One AWS partition: a closed set of regions with its own ARNs and DNS suffix.
public struct Partition: Sendable, Hashable {
    let index: Int

    /// The name in ARNs, such as `aws-us-gov`.
    public var id: String { text(0).string }
    /// The DNS suffix, such as `amazonaws.com`.
    public var dnsSuffix: String { text(1).string }
    /// The DNS suffix of dual-stack endpoints, such as `api.aws`.
    public var dualStackDNSSuffix: String { text(2).string }
    /// The region of global services.
    public var globalRegion: String { text(3).string }

    /// Whether a host is one of AWS's in this partition.
    func owns(_ host: String) -> Bool {
        let isName = host.utf8.allSatisfy { ASCII.isDigit($0) || $0 &- 97 < 26 || $0 == 0x2D || $0 == 0x2E }
        return isName && (host.hasSuffix("." + dnsSuffix) || host.hasSuffix("." + dualStackDNSSuffix))
    }

    private func text(_ number: Int) -> CatalogueText {
        let layout = CatalogueLayout.current
        return layout.text(layout.field(number, of: index, in: layout.partitions, width: 5))
    }
}
