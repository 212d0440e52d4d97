using System.IO;
using System.Text;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Reads cmek_config.json and cmek_config.yml strictly, with the position of every problem, and without losing
/// anything.
/// </summary>
internal sealed class ManifestReader(CustomerCloudTable clouds)
{
    /// <summary>Far larger than any manifest: a thousand regions fit in a third of it.</summary>
    public const int LargestFile = 1024 * 1024;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CmekException">
    /// ManifestTooLarge, ManifestEmpty, ManifestSyntax, ManifestInvalid, ManifestFileNotFound.
    /// </exception>
    public CmekManifest ReadFile(string path)
    {
        try
        {
            var bytes = BoundedFile.Read(path, LargestFile) ?? throw Errors.ManifestTooLarge(path);
            var text = TextFile.Decode(bytes);
            return Read(text, FormatOf(path, text), path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.ManifestFileNotFound(path, fault);
        }
        catch (DecoderFallbackException fault)
        {
            throw Errors.ManifestSyntax(path, 1, 1, $"the file {TextFile.NotText}.", fault);
        }
    }

    /// <summary>Reads a text.</summary>
    public CmekManifest Read(string text, CmekManifestFormat format, string? path = null)
    {
        var name = path ?? "manifest";
        var content = text.Length > 0 && text[0] == '\uFEFF' ? text.Substring(1) : text;
        if (content.Trim().Length == 0)
            throw Errors.ManifestEmpty(name);
        RefuseControlCharacters(content, name);
        var root =
            format == CmekManifestFormat.Json
                ? JsonNodes.Read(content, name, DocumentKind.Manifest)
                : YamlNodes.Read(content, name, DocumentKind.Manifest);
        var problems = new ManifestProblems();
        var specs = RegionSpecs(root, problems);
        problems.ThrowIfAny(name);
        return new CmekManifest
        {
            RegionSpecs = [.. specs.Select(s => s.Spec)],
            Lines = [.. specs.Select(s => s.Mark.Line)],
            Path = path,
            SourceText = text,
            SourceFormat = format,
        };
    }

    /// <summary>Neither format allows them, but the YAML parser lets some of them pass.</summary>
    private static void RefuseControlCharacters(string content, string path)
    {
        var (line, start) = (1, 0);
        for (var i = 0; i < content.Length; i++)
            if (content[i] == '\n')
                (line, start) = (line + 1, i + 1);
            else if (char.IsControl(content[i]) && content[i] is not ('\r' or '\t' or '\u0085'))
                throw Errors.ManifestSyntax(
                    path,
                    line,
                    i - start + 1,
                    $"the control character {content[i]} is not allowed in a manifest.",
                    null
                );
    }

    /// <summary>The same manifest, for a cluster.</summary>
    /// <exception cref="CmekException">ProviderMismatch: with the lines of the keys of another cloud.</exception>
    public CmekManifest ForCluster(CmekManifest manifest, CrdbCluster cluster)
    {
        var expected = clouds.Find(cluster)?.KeyType;
        string[] foreign =
        [
            .. manifest
                .RegionSpecs.Select((s, i) => (Spec: s, Line: manifest.Lines[i]))
                .Where(p => expected is not null && p.Spec.KeyType != expected)
                .Select(p => $"line {p.Line}: {p.Spec.KeyType}"),
        ];
        return foreign.Length == 0
            ? manifest with
            {
                // A session without CockroachDB Cloud knows a cluster by name or id only.
                Cluster =
                    cluster.CloudProvider.Length > 0 ? cluster : cluster with { CloudProvider = ProviderOf(manifest) },
            }
            : throw Errors.ProviderMismatch(
                manifest.Path ?? "manifest",
                cluster.Name,
                cluster.CloudProvider,
                expected!,
                foreign
            );
    }

    private string ProviderOf(CmekManifest manifest) =>
        manifest.RegionSpecs.Count == 0 ? "" : clouds.OfKeyType(manifest.RegionSpecs[0].KeyType)?.Provider ?? "";

    /// <summary>The format, by extension, or else by the first character.</summary>
    public static CmekManifestFormat FormatOf(string path, string text) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".json" => CmekManifestFormat.Json,
            ".yml" or ".yaml" => CmekManifestFormat.Yaml,
            _ => text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n') is { Length: > 0 } start && start[0] is '{' or '['
                ? CmekManifestFormat.Json
                : CmekManifestFormat.Yaml,
        };

    private List<(CmekRegionSpec Spec, Mark Mark)> RegionSpecs(Node root, ManifestProblems problems)
    {
        var specs = new List<(CmekRegionSpec, Mark)>();
        if (root is not MapNode map)
        {
            problems.Add(
                root.Mark,
                root is ListNode
                    ? "a bare list: the document is an object with the field region_specs"
                    : "the document is an object with the field region_specs"
            );
            return specs;
        }

        var fields = Fields(map, "the document", ["region_specs"], problems);
        if (!fields.TryGetValue("region_specs", out var found))
            return specs;
        if (found is not ListNode list)
        {
            problems.Add(found.Mark, ManifestShapes.NotAList(found, "region_specs"));
            return specs;
        }

        if (list.Items.Count == 0)
            problems.Add(list.Mark, "region_specs is empty");
        var regions = new Dictionary<string, Mark>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in list.Items)
        {
            if (RegionSpec(item, problems) is not { } spec)
                continue;
            if (regions.TryGetValue(spec.Region, out var first))
                problems.Add(item.Mark, $"region '{spec.Region}' stands in line {first.Line} already");
            else
                regions[spec.Region] = item.Mark;
            specs.Add((spec, item.Mark));
        }

        return specs;
    }

    private CmekRegionSpec? RegionSpec(Node item, ManifestProblems problems)
    {
        if (item is not MapNode map)
        {
            problems.Add(
                item.Mark,
                ManifestShapes.NotAnObject(item, "an entry of region_specs is an object with region and key_spec")
            );
            return null;
        }

        var fields = Fields(map, "the region spec", ["region", "key_spec"], problems);
        var region = Text(fields, "region", problems);
        if (!fields.TryGetValue("key_spec", out var found))
            return region is null ? null : new CmekRegionSpec { Region = region };
        if (found is not MapNode spec)
        {
            problems.Add(
                found.Mark,
                ManifestShapes.NotAnObject(found, "key_spec is an object with type, uri and auth_principal")
            );
            return null;
        }

        var keyFields = Fields(spec, "key_spec", ["type", "uri", "auth_principal"], problems);
        var type = Text(keyFields, "type", problems);
        if (type is "NULL_KMS")
            problems.Add(keyFields["type"].Mark, "type NULL_KMS is not a key of yours and must not be sent");
        else if (type is not null && !clouds.KeyTypes.Contains(type))
            problems.Add(keyFields["type"].Mark, $"type '{type}' is none of {string.Join(", ", clouds.KeyTypes)}");
        var uri = Text(keyFields, "uri", problems);
        var principal = Text(keyFields, "auth_principal", problems);
        return region is null ? null : CmekRegionSpec.Create(region, type ?? "", uri ?? "", principal ?? "");
    }

    /// <summary>
    /// The fields by name. Duplicates, typos of known names and missing fields are problems; other unknown fields are
    /// kept.
    /// </summary>
    private static Dictionary<string, Node> Fields(MapNode map, string where, string[] known, ManifestProblems problems)
    {
        var fields = new Dictionary<string, Node>(StringComparer.Ordinal);
        foreach (var (name, mark, value) in map.Fields)
        {
            if (fields.ContainsKey(name))
                problems.Add(mark, $"{name} stands twice in {where}");
            else if (!known.Contains(name) && known.FirstOrDefault(k => LooksLike(name, k)) is { } meant)
                problems.Add(
                    mark,
                    $"'{name}' looks like '{meant}' misspelt"
                        + (StrayCharacters.Problem(name) is { } stray ? $": it holds {stray}" : "")
                );
            fields[name] = value;
        }

        foreach (var name in known)
            if (!fields.ContainsKey(name) && !map.Fields.Any(f => LooksLike(f.Name, name)))
                problems.Add(map.Mark, $"{name} is missing in {where}");
        return fields;
    }

    private static bool LooksLike(string name, string known)
    {
        // Without spaces and quotes of any kind, and without characters that are not shown.
        string Fold(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
        // Folding only shortens, and a longer name cannot be a misspelling.
        if (name.Length > 2 * known.Length + 2)
            return false;
        return Fold(name) == Fold(known)
            || EditDistance.Between(Fold(name), Fold(known)) <= (known.Length <= 4 ? 1 : 2);
    }

    private static string? Text(Dictionary<string, Node> fields, string name, ManifestProblems problems)
    {
        if (!fields.TryGetValue(name, out var node))
            return null;
        if (node is not ScalarNode { IsText: true } scalar)
        {
            problems.Add(
                node.Mark,
                $"{name} is a text{(node is ScalarNode { Text: var given } ? $", not {(given.Length == 0 ? "nothing" : given)}: put it into quotes if it is meant so" : "")}"
            );
            return null;
        }

        if (ManifestShapes.NotAValue(node, name) is { } reason)
            problems.Add(node.Mark, reason);
        else
            problems.CheckValue(node.Mark, name, scalar.Text);
        return scalar.Text;
    }
}
