namespace CockroachCmek.Core.Checks;

/// <summary>What a user's own rules ask of every key.</summary>
internal sealed record KeyRules
{
    /// <summary>Every key is in hardware. Default: the protection is reported, not judged.</summary>
    public bool RequireHsm { get; init; }

    /// <summary>The shortest time between the deletion of a key and its loss.</summary>
    public TimeSpan MinDeletionWindow { get; init; } = TimeSpan.FromDays(7);
}

/// <summary>The checks of a key against the rules, the same on every cloud.</summary>
internal static class KeyRuleChecks
{
    /// <summary>KeyProtectionLevel.</summary>
    /// <param name="level">Null when the cloud does not know it.</param>
    /// <param name="fact">What protects the key, as a sentence.</param>
    /// <param name="rotate">How to get a key in hardware.</param>
    public static void Protection(
        this KeyChecks results,
        CmekProtectionLevel? level,
        string fact,
        KeyRules rules,
        string rotate
    )
    {
        if (!rules.RequireHsm || level == CmekProtectionLevel.Hsm)
            results.Pass(CmekCheckName.KeyProtectionLevel, fact);
        else if (level is null)
            results.Unknown(
                CmekCheckName.KeyProtectionLevel,
                "KeyProtectionUnknown",
                $"{fact} Whether that is hardware, as -RequireHsm asks, is not known to the cloud.",
                rotate
            );
        else
            results.Fail(CmekCheckName.KeyProtectionLevel, Errors.KeyNotInHsm(fact, rotate));
    }

    /// <summary>KeyDeletionWindow.</summary>
    /// <param name="least">The shortest time that the cloud allows for this key.</param>
    /// <param name="fact">What happens to a deleted key, as a sentence.</param>
    /// <param name="remedy">How to make the time longer.</param>
    public static void DeletionWindow(
        this KeyChecks results,
        TimeSpan least,
        string fact,
        KeyRules rules,
        string remedy
    )
    {
        if (least >= rules.MinDeletionWindow)
            results.Pass(CmekCheckName.KeyDeletionWindow, fact);
        else
            results.Warn(
                CmekCheckName.KeyDeletionWindow,
                "DeletionWindowShort",
                $"{fact} At least {rules.MinDeletionWindow.TotalDays:0.#} days are asked for.",
                remedy
            );
    }
}
