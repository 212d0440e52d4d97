namespace CockroachCmek.Sandbox.Aws;

/// <summary>What a policy says about one action.</summary>
internal enum Verdict
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The account as a whole is allowed: its identity policies decide.</summary>
    Delegate,

    /// <summary>The caller is allowed, as far as its permissions boundary goes.</summary>
    Allow,

    /// <summary>
    /// A user or a role session is allowed by its own ARN: inside the account, a permissions boundary that does not
    /// mention the action does not matter then.
    /// </summary>
    AllowDirectly,

    /// <summary>The caller is denied, whatever other policies say.</summary>
    Deny,
}
