namespace CockroachCmek.Sandbox.Aws;

/// <summary>What a policy says about one action.</summary>
internal enum Verdict
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The caller is allowed.</summary>
    Allow,

    /// <summary>The account as a whole is allowed: its identity policies decide.</summary>
    Delegate,

    /// <summary>The caller is denied, whatever other policies say.</summary>
    Deny,
}
