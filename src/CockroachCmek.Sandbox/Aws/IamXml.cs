using System.Globalization;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// What IAM's responses have in common: roles, tags, pages, times, and the error for something missing.
/// </summary>
internal static class IamXml
{
    public static AwsException NotFound(string what, string name) =>
        new("NoSuchEntity", $"{what} {name} cannot be found.", 404);

    public static XElement Role(IamRole role, string trust, bool withTags, string element = "Role") =>
        new(
            element,
            new XElement("Path", role.Path),
            new XElement("RoleName", role.Name),
            new XElement("RoleId", role.UniqueId),
            new XElement("Arn", role.Arn),
            new XElement("CreateDate", Time(role.Created)),
            new XElement("AssumeRolePolicyDocument", Uri.EscapeDataString(trust)),
            role.Description.Length > 0 ? new XElement("Description", role.Description) : null,
            new XElement("MaxSessionDuration", role.MaxSessionDuration),
            role.Boundary is null || !withTags
                ? null
                : new XElement(
                    "PermissionsBoundary",
                    new XElement("PermissionsBoundaryType", "PermissionsBoundaryPolicy"),
                    new XElement("PermissionsBoundaryArn", role.Boundary)
                ),
            withTags && role.Tags.Count > 0 ? new XElement("Tags", role.Tags.Select(Tag)) : null
        );

    public static XElement Tag(KeyValuePair<string, string> tag) =>
        new("member", new XElement("Key", tag.Key), new XElement("Value", tag.Value));

    public static XElement Page(
        string result,
        string list,
        IReadOnlyDictionary<string, string> form,
        IEnumerable<XElement> items
    )
    {
        var start = Number(form, "Marker") ?? 0;
        var size = Number(form, "MaxItems") ?? 100;
        var all = items.ToList();
        var more = start + size < all.Count;
        return new XElement(
            result,
            new XElement("IsTruncated", more ? "true" : "false"),
            more ? new XElement("Marker", start + size) : null,
            new XElement(list, all.Skip(start).Take(size))
        );
    }

    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static int? Number(IReadOnlyDictionary<string, string> form, string name) =>
        form.TryGetValue(name, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
