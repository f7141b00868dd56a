-- Approvals: what waits for a person, who decided, and the grants that come of it.
--
-- States: pending -> approved | denied | expired | cancelled; approved -> used | expired. Time is the database's.
-- Functions change the rows, roles do not: each takes the row's lock, checks the state, and does all that belongs to the
-- change (decision, audit event, webhook, NOTIFY) in one transaction.

CREATE TABLE postern.approval (
    id               uuid        PRIMARY KEY DEFAULT postern.uuid7(),
    fingerprint      bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    state            text        NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'cancelled', 'used')),
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at       timestamptz NOT NULL,
    decided_at       timestamptz,
    grant_lasts      interval    NOT NULL CHECK (grant_lasts > interval '0'),
    grant_expires_at timestamptz,
    uses_allowed     integer     CHECK (uses_allowed > 0),
    uses             integer     NOT NULL DEFAULT 0 CHECK (uses >= 0),
    quorum           integer     NOT NULL CHECK (quorum > 0),
    approvers        json        NOT NULL CHECK (json_typeof(approvers) = 'array'),
    issuer           text        NOT NULL,
    subject          text        NOT NULL,
    groups           text[]      NOT NULL,
    role             text,
    session_id       text,
    query_id         text,
    app              text,
    source_ip        text,
    user_agent       text,
    operation        text        NOT NULL,
    actions          text[]      NOT NULL,
    access_level     text,
    risks            text[]      NOT NULL,
    resources        text[]      NOT NULL,
    region           text,
    account          text,
    parameters       json,
    command          text,
    summary          text        NOT NULL,
    statement        text,
    explanation      text,
    policy_hash      bytea,
    CHECK (uses_allowed IS NULL OR uses <= uses_allowed),
    CHECK (state NOT IN ('approved', 'used') OR (grant_expires_at IS NOT NULL AND decided_at IS NOT NULL)),
    CHECK (state <> 'used' OR uses = uses_allowed)
);
CREATE UNIQUE INDEX approval_pending ON postern.approval (fingerprint) WHERE state = 'pending';
CREATE INDEX approval_fingerprint ON postern.approval (fingerprint, created_at);
CREATE INDEX approval_created ON postern.approval (created_at);
CREATE INDEX approval_expiry ON postern.approval (expires_at) WHERE state = 'pending';
CREATE INDEX approval_grant_expiry ON postern.approval (grant_expires_at) WHERE state = 'approved';
COMMENT ON TABLE postern.approval IS 'Calls that need a person''s approval, and the grants that came of it.';
COMMENT ON COLUMN postern.approval.id IS 'The id in links, errors and audit records.';
COMMENT ON COLUMN postern.approval.fingerprint IS 'SHA-256 over what makes two calls the same (docs/approvals.md).';
COMMENT ON COLUMN postern.approval.state IS 'pending, approved, denied, expired, cancelled or used.';
COMMENT ON COLUMN postern.approval.created_at IS 'When the call was first made.';
COMMENT ON COLUMN postern.approval.expires_at IS 'Undecided until then is expired; a denial holds until then.';
COMMENT ON COLUMN postern.approval.decided_at IS 'When the deciding vote came.';
COMMENT ON COLUMN postern.approval.grant_lasts IS 'How long a grant holds once approved.';
COMMENT ON COLUMN postern.approval.grant_expires_at IS 'When the grant ends.';
COMMENT ON COLUMN postern.approval.uses_allowed IS 'How many calls the grant allows; NULL: any number until it ends.';
COMMENT ON COLUMN postern.approval.uses IS 'How many calls it has allowed.';
COMMENT ON COLUMN postern.approval.quorum IS 'How many persons must approve.';
COMMENT ON COLUMN postern.approval.approvers IS
    'Who may approve: lists of alternatives (groups, or conditions on claims), each to be satisfied; []: every approver.';
COMMENT ON COLUMN postern.approval.issuer IS 'Who asks: issuer.';
COMMENT ON COLUMN postern.approval.subject IS 'Who asks: subject; never decides.';
COMMENT ON COLUMN postern.approval.groups IS 'Groups of the asker.';
COMMENT ON COLUMN postern.approval.role IS 'ARN of the role that the session was made for.';
COMMENT ON COLUMN postern.approval.session_id IS 'Id of the gateway session.';
COMMENT ON COLUMN postern.approval.query_id IS 'Which model query the call belongs to.';
COMMENT ON COLUMN postern.approval.app IS 'App id from the user agent.';
COMMENT ON COLUMN postern.approval.source_ip IS 'Address of the asker.';
COMMENT ON COLUMN postern.approval.user_agent IS 'User agent, as sent.';
COMMENT ON COLUMN postern.approval.operation IS 'service.Operation.';
COMMENT ON COLUMN postern.approval.actions IS 'IAM actions.';
COMMENT ON COLUMN postern.approval.access_level IS 'Highest access level of the actions.';
COMMENT ON COLUMN postern.approval.risks IS 'Risks that were found.';
COMMENT ON COLUMN postern.approval.resources IS 'ARNs.';
COMMENT ON COLUMN postern.approval.region IS 'AWS region.';
COMMENT ON COLUMN postern.approval.account IS 'AWS account.';
COMMENT ON COLUMN postern.approval.parameters IS 'The parameters as shown to the approver: masked.';
COMMENT ON COLUMN postern.approval.command IS 'The call as an aws command line: masked.';
COMMENT ON COLUMN postern.approval.summary IS 'The call in words.';
COMMENT ON COLUMN postern.approval.statement IS 'The policy statement that asks for approval.';
COMMENT ON COLUMN postern.approval.explanation IS 'Why, in words.';
COMMENT ON COLUMN postern.approval.policy_hash IS 'SHA-256 of the policy.';

CREATE TABLE postern.approval_decision (
    approval_id uuid        NOT NULL REFERENCES postern.approval (id),
    issuer      text        NOT NULL,
    subject     text        NOT NULL,
    verdict     text        NOT NULL CHECK (verdict IN ('approve', 'deny')),
    reason      text        NOT NULL,
    channel     text        NOT NULL,
    actor       text,
    decided_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (approval_id, issuer, subject, verdict)
);
COMMENT ON TABLE postern.approval_decision IS 'Votes: at most one approval and one denial a person.';
COMMENT ON COLUMN postern.approval_decision.approval_id IS 'On what.';
COMMENT ON COLUMN postern.approval_decision.issuer IS 'Who: issuer; postgresql for database roles.';
COMMENT ON COLUMN postern.approval_decision.subject IS 'Who: subject, or the database role.';
COMMENT ON COLUMN postern.approval_decision.verdict IS 'approve or deny.';
COMMENT ON COLUMN postern.approval_decision.reason IS 'Why, in the person''s words.';
COMMENT ON COLUMN postern.approval_decision.channel IS 'console, posternctl or sql.';
COMMENT ON COLUMN postern.approval_decision.actor IS 'Whatever else is known of the person, such as the OS user.';
COMMENT ON COLUMN postern.approval_decision.decided_at IS 'When.';

CREATE TABLE postern.grant_use (
    approval_id uuid        NOT NULL REFERENCES postern.approval (id),
    call_id     uuid        NOT NULL,
    used_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (approval_id, call_id)
);
COMMENT ON TABLE postern.grant_use IS 'Which call used which grant; makes a repeated consumption by the same call harmless.';
COMMENT ON COLUMN postern.grant_use.approval_id IS 'The grant.';
COMMENT ON COLUMN postern.grant_use.call_id IS 'Id of the call''s audit intent.';
COMMENT ON COLUMN postern.grant_use.used_at IS 'When.';

CREATE TABLE postern.webhook (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    approval_id     uuid        NOT NULL REFERENCES postern.approval (id),
    event           text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer     NOT NULL DEFAULT 0,
    delivered_at    timestamptz,
    last_error      text
);
CREATE INDEX webhook_due ON postern.webhook (next_attempt_at) WHERE delivered_at IS NULL;
COMMENT ON TABLE postern.webhook IS 'Notifications to be sent, filled in the transaction that they tell of.';
COMMENT ON COLUMN postern.webhook.id IS 'Order.';
COMMENT ON COLUMN postern.webhook.approval_id IS 'About what.';
COMMENT ON COLUMN postern.webhook.event IS 'pending, approved, denied, expired or cancelled.';
COMMENT ON COLUMN postern.webhook.created_at IS 'When it happened.';
COMMENT ON COLUMN postern.webhook.next_attempt_at IS 'When to try next.';
COMMENT ON COLUMN postern.webhook.attempts IS 'How often it was tried.';
COMMENT ON COLUMN postern.webhook.delivered_at IS 'When it was delivered.';
COMMENT ON COLUMN postern.webhook.last_error IS 'Why it was not.';

CREATE FUNCTION postern.announce(approval_id uuid, event text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO postern.webhook (approval_id, event) VALUES (announce.approval_id, announce.event);
    SELECT pg_notify('postern_approval', announce.approval_id || ' ' || announce.event);
$$;
REVOKE EXECUTE ON FUNCTION postern.announce(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION postern.announce(uuid, text) IS 'Tells listeners and webhooks of a change.';

-- Ends what is overdue; rows that somebody is deciding right now are left to him.
CREATE FUNCTION postern.expire_approvals() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    overdue record;
    count   integer := 0;
BEGIN
    FOR overdue IN
        SELECT id, state FROM postern.approval
        WHERE (state = 'pending' AND expires_at <= clock_timestamp())
           OR (state = 'approved' AND grant_expires_at <= clock_timestamp())
        ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
    LOOP
        UPDATE postern.approval SET state = 'expired' WHERE id = overdue.id;
        PERFORM postern.announce(overdue.id, 'expired');
        PERFORM postern_audit.append_event(
            'approval_expired',
            CASE overdue.state WHEN 'pending' THEN 'nobody decided in time' ELSE 'the grant was not used up in time' END,
            approval_id => overdue.id);
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;
COMMENT ON FUNCTION postern.expire_approvals() IS 'Ends what is overdue and returns how much that was.';

-- Finds or makes the approval for a call: a usable grant, else a denial that still holds, else what is pending.
CREATE FUNCTION postern.open_approval(
    p_fingerprint bytea, p_expires_after interval, p_grant_lasts interval, p_uses_allowed integer, p_quorum integer,
    p_approvers json, p_issuer text, p_subject text, p_groups text[], p_role text, p_session_id text,
    p_query_id text, p_app text, p_source_ip text, p_user_agent text, p_operation text, p_actions text[],
    p_access_level text, p_risks text[], p_resources text[], p_region text, p_account text, p_parameters json,
    p_command text, p_summary text, p_statement text, p_explanation text, p_policy_hash bytea
) RETURNS postern.approval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chosen postern.approval;
BEGIN
    FOR attempt IN 1..3 LOOP
        SELECT * INTO chosen FROM postern.approval
        WHERE fingerprint = p_fingerprint
          AND ((state = 'approved' AND grant_expires_at > clock_timestamp())
            OR (state IN ('denied', 'pending') AND expires_at > clock_timestamp()))
        ORDER BY CASE state WHEN 'approved' THEN 0 WHEN 'denied' THEN 1 ELSE 2 END, created_at DESC
        LIMIT 1;
        IF FOUND THEN
            RETURN chosen;
        END IF;
        PERFORM postern.expire_approvals();
        INSERT INTO postern.approval (
            fingerprint, expires_at, grant_lasts, uses_allowed, quorum, approvers, issuer, subject, groups, role,
            session_id, query_id, app, source_ip, user_agent, operation, actions, access_level, risks, resources,
            region, account, parameters, command, summary, statement, explanation, policy_hash
        ) VALUES (
            p_fingerprint, clock_timestamp() + p_expires_after, p_grant_lasts, p_uses_allowed, p_quorum, p_approvers,
            p_issuer, p_subject, p_groups, p_role, p_session_id, p_query_id, p_app, p_source_ip, p_user_agent,
            p_operation, p_actions, p_access_level, p_risks, p_resources, p_region, p_account, p_parameters, p_command,
            p_summary, p_statement, p_explanation, p_policy_hash
        )
        ON CONFLICT (fingerprint) WHERE state = 'pending' DO NOTHING
        RETURNING * INTO chosen;
        IF FOUND THEN
            PERFORM postern.announce(chosen.id, 'pending');
            RETURN chosen;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'the approval is being decided' USING ERRCODE = 'lock_not_available';
END
$$;
COMMENT ON FUNCTION postern.open_approval IS
    'Finds or makes the approval for a call: a usable grant, else a denial that still holds, else what is pending.';

-- One person's vote. p_groups NULL: the caller has checked the approvers himself, as the console does, which knows the
-- person's claims. Returns approved, denied or pending (more approvals are needed), or why the vote does not count:
-- not_found, already_decided, expired, own_request, not_approver, already_voted.
CREATE FUNCTION postern.decide_approval(
    p_id uuid, p_verdict text, p_issuer text, p_subject text, p_groups text[], p_reason text, p_channel text,
    p_actor text DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    approval postern.approval;
    approved integer;
    result   text;
BEGIN
    SELECT * INTO approval FROM postern.approval WHERE id = p_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF approval.state = 'expired' OR (approval.state = 'pending' AND approval.expires_at <= clock_timestamp()) THEN
        PERFORM postern.expire_approvals();
        RETURN 'expired';
    ELSIF approval.state <> 'pending' THEN
        RETURN 'already_decided';
    ELSIF approval.subject = p_subject THEN
        -- Whatever the issuer: one person may have the same name with several.
        RETURN 'own_request';
    ELSIF EXISTS (
        -- A list none of whose alternatives is a group of the person; a condition on claims is not for us to judge.
        SELECT FROM json_array_elements(approval.approvers) AS list
        WHERE p_groups IS NOT NULL AND NOT EXISTS (
            SELECT FROM json_array_elements(list) AS entry
            WHERE json_typeof(entry) = 'string' AND entry #>> '{}' = ANY (p_groups)))
    THEN
        RETURN 'not_approver';
    END IF;
    INSERT INTO postern.approval_decision (approval_id, issuer, subject, verdict, reason, channel, actor)
    VALUES (p_id, p_issuer, p_subject, p_verdict, p_reason, p_channel, p_actor)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'already_voted';
    END IF;
    SELECT count(*) INTO approved FROM postern.approval_decision WHERE approval_id = p_id AND verdict = 'approve';
    result := CASE
        WHEN p_verdict = 'deny' THEN 'denied'
        WHEN approved >= approval.quorum THEN 'approved'
        ELSE 'pending'
    END;
    IF result <> 'pending' THEN
        UPDATE postern.approval
        SET state = result, decided_at = clock_timestamp(),
            grant_expires_at = CASE result WHEN 'approved' THEN clock_timestamp() + grant_lasts END
        WHERE id = p_id;
        PERFORM postern.announce(p_id, result);
    END IF;
    PERFORM postern_audit.append_event(
        'approval_decided',
        format('%s by %s (%s)', p_verdict, p_subject, p_issuer),
        json_build_object(
            'verdict', p_verdict, 'state', result, 'approvals', approved, 'quorum', approval.quorum,
            'reason', p_reason, 'channel', p_channel, 'actor', p_actor, 'requester', approval.subject,
            'operation', approval.operation, 'fingerprint', encode(approval.fingerprint, 'hex')),
        p_issuer, p_subject, p_id);
    RETURN result;
END
$$;
COMMENT ON FUNCTION postern.decide_approval IS
    'Counts one person''s vote; the console calls it for whom it has logged in.';

-- Uses a grant for one call; false where there is none to use. Called in the transaction that stores the call's intent.
CREATE FUNCTION postern.consume_grant(p_approval_id uuid, p_fingerprint bytea, p_call_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE postern.approval
    SET uses = uses + 1, state = CASE WHEN uses + 1 >= uses_allowed THEN 'used' ELSE state END
    WHERE id = p_approval_id
      AND fingerprint = p_fingerprint
      AND state = 'approved'
      AND grant_expires_at > clock_timestamp()
      AND (uses_allowed IS NULL OR uses < uses_allowed)
      AND NOT EXISTS (SELECT FROM postern.grant_use WHERE approval_id = p_approval_id AND call_id = p_call_id);
    IF NOT FOUND THEN
        RETURN EXISTS (
            SELECT FROM postern.grant_use AS u JOIN postern.approval AS a ON a.id = u.approval_id
            WHERE u.approval_id = p_approval_id AND u.call_id = p_call_id AND a.fingerprint = p_fingerprint);
    END IF;
    INSERT INTO postern.grant_use (approval_id, call_id) VALUES (p_approval_id, p_call_id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION postern.consume_grant IS
    'Uses a grant for one call, once; true again for the same call. False: used up, expired, or for another call.';

-- Takes a pending request back; only for whom it was made.
CREATE FUNCTION postern.cancel_approval(p_id uuid, p_issuer text, p_subject text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE postern.approval SET state = 'cancelled', decided_at = clock_timestamp()
    WHERE id = p_id AND issuer = p_issuer AND subject = p_subject AND state = 'pending';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM postern.announce(p_id, 'cancelled');
    PERFORM postern_audit.append_event(
        'approval_cancelled', 'taken back by ' || p_subject, NULL, p_issuer, p_subject, p_id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION postern.cancel_approval IS 'Takes a pending request back; false where there is none of that subject.';

-- A vote by a database role: the identity is the role that logged in, its groups are the roles it is a member of. The
-- owner of these tables and superusers could write into them; they may vote on anything, and are on record.
CREATE FUNCTION postern.vote(p_id uuid, p_verdict text, p_reason text, p_actor text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    result text;
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'give a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    result := postern.decide_approval(
        p_id, p_verdict, 'postgresql', session_user::text,
        CASE WHEN NOT pg_has_role(session_user, 'postern_owner', 'MEMBER')
            THEN ARRAY(SELECT rolname::text FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')) END,
        p_reason, CASE WHEN p_actor IS NULL THEN 'sql' ELSE 'posternctl' END, p_actor);
    CASE result
        WHEN 'approved', 'denied', 'pending' THEN RETURN result;
        WHEN 'not_found' THEN RAISE EXCEPTION 'there is no approval %', p_id USING ERRCODE = 'no_data_found';
        WHEN 'expired' THEN RAISE EXCEPTION 'the request has expired' USING ERRCODE = 'invalid_transaction_state';
        WHEN 'already_decided' THEN
            RAISE EXCEPTION 'the request was decided already' USING ERRCODE = 'invalid_transaction_state';
        WHEN 'own_request' THEN
            RAISE EXCEPTION 'nobody decides on his own request' USING ERRCODE = 'insufficient_privilege';
        WHEN 'not_approver' THEN
            RAISE EXCEPTION 'the policy wants an approver of another group'
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'A database role''s groups are the roles that it is a member of.';
        WHEN 'already_voted' THEN
            RAISE EXCEPTION 'you have voted already' USING ERRCODE = 'invalid_transaction_state';
    END CASE;
END
$$;
REVOKE EXECUTE ON FUNCTION postern.vote(uuid, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION postern.vote(uuid, text, text, text) IS 'What approve and deny share.';

CREATE FUNCTION postern.approve(id uuid, reason text, actor text DEFAULT NULL) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT postern.vote(approve.id, 'approve', approve.reason, approve.actor) $$;
COMMENT ON FUNCTION postern.approve(uuid, text, text) IS
    'Approves as the database role that logged in; returns approved, or pending while more approvals are needed.';

CREATE FUNCTION postern.deny(id uuid, reason text, actor text DEFAULT NULL) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT postern.vote(deny.id, 'deny', deny.reason, deny.actor) $$;
COMMENT ON FUNCTION postern.deny(uuid, text, text) IS 'Denies as the database role that logged in.';

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT p.oid::regprocedure AS routine, v.roles
        FROM (VALUES
            ('open_approval',    'postern_worker'),
            ('consume_grant',    'postern_worker'),
            ('cancel_approval',  'postern_worker, postern_console'),
            ('expire_approvals', 'postern_worker, postern_console, postern_approver'),
            ('decide_approval',  'postern_console'),
            ('approve',          'postern_approver'),
            ('deny',             'postern_approver')
        ) AS v (name, roles)
        JOIN pg_proc AS p ON p.proname = v.name AND p.pronamespace = 'postern'::regnamespace
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', wanted.routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', wanted.routine, wanted.roles);
    END LOOP;
END
$$;
GRANT SELECT ON postern.approval, postern.approval_decision, postern.grant_use
    TO postern_worker, postern_console, postern_approver;
GRANT SELECT, UPDATE (next_attempt_at, attempts, delivered_at, last_error) ON postern.webhook
    TO postern_worker, postern_console;

CREATE VIEW postern_audit.approvals AS
SELECT a.id, a.created_at, a.state, a.issuer, a.subject, a.query_id, a.operation, a.resources, a.summary, a.statement,
       a.access_level, a.risks, a.quorum, a.decided_at, a.decided_at - a.created_at AS waited, a.expires_at,
       a.grant_expires_at, a.uses, a.uses_allowed,
       (SELECT json_agg(json_build_object('verdict', d.verdict, 'by', d.subject, 'issuer', d.issuer,
                                          'reason', d.reason, 'at', d.decided_at, 'channel', d.channel)
                        ORDER BY d.decided_at)
        FROM postern.approval_decision AS d WHERE d.approval_id = a.id) AS decisions,
       ARRAY(SELECT u.call_id FROM postern.grant_use AS u WHERE u.approval_id = a.id ORDER BY u.used_at) AS call_ids
FROM postern.approval AS a;
COMMENT ON VIEW postern_audit.approvals IS 'Every approval with its votes and the calls that used its grant.';
COMMENT ON COLUMN postern_audit.approvals.waited IS 'How long the asker waited for the decision.';
COMMENT ON COLUMN postern_audit.approvals.decisions IS 'The votes, in order.';
COMMENT ON COLUMN postern_audit.approvals.call_ids IS 'Ids of the calls that used the grant.';
DO $$
DECLARE
    bare record;
BEGIN
    FOR bare IN
        SELECT va.attname, col_description(t.oid, ta.attnum) AS text
        FROM pg_attribute AS va
        JOIN pg_class AS t ON t.oid = 'postern.approval'::regclass
        JOIN pg_attribute AS ta ON ta.attrelid = t.oid AND ta.attname = va.attname
        WHERE va.attrelid = 'postern_audit.approvals'::regclass AND va.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN postern_audit.approvals.%I IS %L', bare.attname, bare.text);
    END LOOP;
END
$$;
GRANT SELECT ON postern_audit.approvals TO postern_auditor, postern_console;
