-- What other tools read the marts as: a role without a login, which logins are made members of. docs/bi.md says how.

-- Roles are of the whole server: another database's migration may be making it right now. Whoever migrates may not be
-- allowed to make it: then someone who is makes it, and runs the grants of docs/bi.md.
do $$
begin
    if not exists (select from pg_roles where rolname = 'crm_reader') then
        begin
            create role crm_reader nologin;
            comment on role crm_reader is 'reads the marts of CRM Autopilot, and nothing else';
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise notice 'crm_reader is not made: % may not create roles', current_user;
        end;
    end if;
    if exists (select from pg_roles where rolname = 'crm_reader') then
        grant usage on schema mart to crm_reader;
        grant select on all tables in schema mart to crm_reader;
        alter default privileges in schema mart grant select on tables to crm_reader;
    end if;
end
$$;
