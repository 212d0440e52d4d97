using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Reflection;
using System.Security;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Session;

/// <summary>
/// Marks a parameter that only some clouds support. The cloud receives its value under the parameter's name.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CloudOptionAttribute : Attribute
{
    /// <summary>The value is a path, which is resolved like any path in PowerShell.</summary>
    public bool IsPath { get; init; }

    /// <summary>The parameter applies only to keys that are generated in HashiCorp Vault.</summary>
    public bool IsVaultOnly { get; init; }
}

/// <summary>
/// Collects the values of a cmdlet's <see cref="CloudOptionAttribute"/> parameters. Pipeline thread only.
/// </summary>
internal static class CloudOptionReader
{
    /// <summary>The parameters that were given a value.</summary>
    public static CloudOptions Read(PSCmdlet cmdlet)
    {
        var values = new Dictionary<string, object>();
        foreach (var (property, option) in OptionsOf(cmdlet))
            if (
                cmdlet.MyInvocation.BoundParameters.ContainsKey(property.Name)
                && Convert(cmdlet, property.Name, property.GetValue(cmdlet), option) is { } value
            )
                values[property.Name] = value;
        return new CloudOptions(values);
    }

    /// <summary>The given parameters that apply only to keys that are generated in HashiCorp Vault.</summary>
    public static IReadOnlyList<string> VaultOnly(PSCmdlet cmdlet, CloudOptions options) =>
        [
            .. OptionsOf(cmdlet)
                .Where(o => o.Option.IsVaultOnly && options.Names.Contains(o.Property.Name))
                .Select(o => o.Property.Name),
        ];

    private static IEnumerable<(PropertyInfo Property, CloudOptionAttribute Option)> OptionsOf(PSCmdlet cmdlet)
    {
        foreach (var property in cmdlet.GetType().GetProperties())
            if (property.GetCustomAttribute<CloudOptionAttribute>() is { } option)
                yield return (property, option);
    }

    private static object? Convert(PSCmdlet cmdlet, string name, object? value, CloudOptionAttribute option) =>
        value switch
        {
            null or "" => null,
            SwitchParameter flag => flag.IsPresent ? true : null,
            string path when option.IsPath => cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path),
            SecureString token => Secret.Pasted(Text(token)) ?? throw Errors.SecretEmpty(name),
            PSCredential credential => new NetworkCredential(
                credential.UserName,
                Text(credential.Password).Trim() is { Length: > 0 } text ? text : throw Errors.SecretEmpty(name)
            ),
            Guid id => id.ToString("D"),
            Hashtable tags => Tags.From(tags),
            _ => value,
        };

    private static string Text(SecureString secret) => new NetworkCredential("", secret).Password;
}
