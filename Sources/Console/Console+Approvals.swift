import Approvals
import Identity
import Logging
import Metrics
import Postgres

extension Console {
    /// The longest reason, in characters.
    static let longestReason = 1000

    /// What waits for a decision, and is this person's to see.
    func pendingPage(_ viewer: Viewer, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        pages.page(try pendingModel(viewer, at: now), "pending")
    }

    /// The list of that page alone.
    func pendingList(_ viewer: Viewer, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        pages.page(try pendingModel(viewer, at: now), "pending-list")
    }

    private func pendingModel(_ viewer: Viewer, at now: UnixTime) throws(ApprovalError) -> ApprovalList {
        let cards = cards(try approvals.list([.pending]), viewer, at: now)
        return ApprovalList(frame: pages.frame("Pending", .pending, viewer.session), cards: cards)
    }

    /// Rows on one page of the history.
    private static let historyPageSize = 50

    /// What was decided, or is over, page by page; `before` is the last request of the page before.
    func historyPage(
        _ request: ConsoleRequest,
        _ viewer: Viewer,
        at now: UnixTime
    ) throws(ApprovalError) -> ConsoleResponse {
        var before: ApprovalID?
        if let text = request.query.filled("before") {
            guard let id = ApprovalID(parsing: text) else { return pages.refusal(.malformed) }
            before = id
        }
        let states = ApprovalState.allCases.filter { $0 != .pending }
        let over = try approvals.list(states, before: before, limit: Self.historyPageSize + 1)
        let shown = Array(over.prefix(Self.historyPageSize))
        let older = over.count > shown.count ? shown.last?.id : nil
        let list = ApprovalList(
            frame: pages.frame("History", .history, viewer.session),
            cards: cards(shown, viewer, at: now),
            older: older.map { "\(pages.base)\(Route.history.path)?before=\($0)" }
        )
        return pages.page(list, "history")
    }

    private func cards(_ approvals: [Approval], _ viewer: Viewer, at now: UnixTime) -> [ApprovalCard] {
        approvals.compactMap { approval in
            let standing = viewer.standing(to: approval)
            guard standing != .stranger else { return nil }
            return ApprovalCard(approval, base: pages.base, standing: standing, now: now)
        }
    }

    /// One approval, and the form that decides it.
    func approvalPage(
        _ id: ApprovalID,
        _ viewer: Viewer,
        notice: String? = nil,
        status: Int = 200,
        at now: UnixTime
    ) throws(ApprovalError) -> ConsoleResponse {
        guard let approval = try approvals.find(id), viewer.standing(to: approval) != .stranger else {
            return pages.message(.noSuchRequest, viewer.session)
        }
        let votes = try approvals.votes(on: id)
        let recent = try database { () throws(PostgresError) in
            try audit.recent(issuer: approval.requester.issuer, subject: approval.requester.subject)
        }
        let parameters = try database { () throws(PostgresError) in
            try approval.details["parameters"].map { (json) throws(PostgresError) in try audit.parameterRows(json) }
        }
        var page = ApprovalPage(
            frame: pages.frame(OperationWords.text(approval.operation, []), nil, viewer.session),
            approval: approval,
            status: ApprovalStatus(approval, votes, now: now),
            parameters: parameters ?? [],
            lines: recent.map { CallLine($0, base: pages.base, now: now) }
        )
        (page.form, page.notice) = form(for: approval, votes, viewer)
        page.notice = notice ?? page.notice
        return pages.page(page, "approval", status: status)
    }

    /// Where an approval stands, for the page's script.
    func approvalState(_ id: ApprovalID, _ viewer: Viewer, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        guard let approval = try approvals.find(id), viewer.standing(to: approval) != .stranger else {
            return .empty(404)
        }
        let status = ApprovalStatus(approval, try approvals.votes(on: id), now: now)
        var response = pages.page(status, "approval-status")
        response.fields.append(("X-Postern-State", status.stateWord))
        return response
    }

    private func form(
        for approval: Approval,
        _ votes: [StoredVote],
        _ viewer: Viewer
    ) -> (ApprovalPage.DecisionForm?, String?) {
        guard approval.state == .pending else { return (nil, nil) }
        switch viewer.standing(to: approval) {
        case .requester: return (nil, "You asked for this: somebody else decides.")
        case .spectator, .stranger: return (nil, "The policy wants somebody else to decide on this.")
        case .approver: break
        }
        let route = Route.approval(approval.id).path
        let form = ApprovalPage.DecisionForm(
            action: pages.base + route,
            formToken: viewer.session.token.formToken(for: route)
        )
        let hasApproved = votes.contains { viewer.session.cast($0, .approve) }
        return (form, hasApproved ? "You have approved; another person must approve too. You can still deny." : nil)
    }

    /// Counts the person's vote, and says what came of it.
    func decide(
        _ id: ApprovalID,
        _ request: ConsoleRequest,
        _ viewer: Viewer,
        at now: UnixTime
    ) throws(ApprovalError) -> ConsoleResponse {
        let session = viewer.session
        let route = Route.approval(id)
        guard session.token.accepts(formToken: request.form["token"], for: route.path) else {
            return pages.refusal(.foreign)
        }
        guard let verdict = request.form["verdict"].flatMap(Verdict.init(rawValue:)) else {
            return pages.refusal(.malformed)
        }
        guard let approval = try approvals.find(id) else { return pages.message(.noSuchRequest, session) }
        switch viewer.standing(to: approval) {
        case .approver: break
        case .stranger: return pages.message(.noSuchRequest, session)
        case .requester: return try approvalPage(id, viewer, status: 403, at: now)
        case .spectator: return try approvalPage(id, viewer, status: 403, at: now)
        }
        guard now.since(session.authenticated) <= freshLogin else {
            return beginLogin(target: route, maximumAge: 0, at: now)
        }
        let reason = (request.form["reason"] ?? "").trimmed
        guard reason.count <= Self.longestReason, verdict == .approve || !reason.isEmpty else {
            let notice = "Give a reason to deny, of at most \(Self.longestReason) characters. Nothing was decided."
            return try approvalPage(id, viewer, notice: notice, status: 400, at: now)
        }
        let result: VoteResult
        do throws(ApprovalError) {
            result = try approvals.decide(
                id,
                verdict,
                by: Person(issuer: session.issuer, subject: session.subject),
                reason: reason,
                actor: session.name
            )
        } catch {
            logger.error("vote not known", metadata: ["request_id": "\(request.requestID)", "error": "\(error)"])
            return pages.message(.unknownOutcome, session)
        }
        metrics.votes.add([verdict.rawValue, result.rawValue])
        logger.info(
            "vote",
            metadata: [
                "request_id": "\(request.requestID)", "approval": "\(id)", "verdict": "\(verdict.rawValue)",
                "result": "\(result.rawValue)", "principal": "\(session.issuer) \(session.subject)",
            ]
        )
        return try answer(result, verdict, id, viewer, at: now)
    }

    private func answer(
        _ result: VoteResult,
        _ verdict: Verdict,
        _ id: ApprovalID,
        _ viewer: Viewer,
        at now: UnixTime
    ) throws(ApprovalError) -> ConsoleResponse {
        // A second click finds the first one's vote.
        let votes = result.isCounted ? [] : try approvals.votes(on: id)
        if result.isCounted || votes.contains(where: { viewer.session.cast($0, verdict) }) {
            return .redirect(to: pages.base + Route.approval(id).path)
        }
        let notice =
            switch result {
            case .alreadyDecided: "Somebody else decided first. Your decision did not count."
            case .expired: "The request expired before you decided. Your decision did not count."
            case .ownRequest: "You asked for this: somebody else decides."
            case .notApprover: "The policy wants somebody else to decide on this."
            case .alreadyVoted, .approved, .denied, .pending, .notFound: "Your decision did not count."
            }
        let status = result == .ownRequest || result == .notApprover ? 403 : 409
        return try approvalPage(id, viewer, notice: notice, status: status, at: now)
    }
}

extension ConsoleSession {
    /// Whether a vote is this person's, with this verdict.
    fileprivate func cast(_ vote: StoredVote, _ verdict: Verdict) -> Bool {
        vote.verdict == verdict && vote.person == Person(issuer: issuer, subject: subject)
    }
}

extension String {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        let rest = start.reversed().drop(while: \.isWhitespace).reversed()
        return String(rest)
    }
}
