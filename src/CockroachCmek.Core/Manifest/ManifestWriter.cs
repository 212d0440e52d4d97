using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Writes manifests. A manifest is written in its own format exactly as it was read; in the other format every field
/// that the API knows survives.
/// </summary>
internal static class ManifestWriter
{
    /// <exception cref="CmekException">ManifestPlanned: its keys do not exist yet.</exception>
    public static string Write(CmekManifest manifest, CmekManifestFormat format)
    {
        if (manifest.IsPlanned)
            throw Errors.ManifestPlanned(manifest.ToString());
        if (manifest.SourceText is { } source && manifest.SourceFormat == format)
            return source;
        if (manifest.SourceText is { } other)
        {
            var content = other.TrimStart('\uFEFF');
            var root =
                manifest.SourceFormat == CmekManifestFormat.Json
                    ? JsonNodes.Read(content, "manifest", DocumentKind.Manifest)
                    : YamlNodes.Read(content, "manifest", DocumentKind.Manifest);
            return format == CmekManifestFormat.Json ? Json(root) : Yaml(root);
        }

        var made = FromSpecs(manifest.RegionSpecs);
        return format == CmekManifestFormat.Json ? Json(made) : Yaml(made);
    }

    private static MapNode FromSpecs(IEnumerable<CmekRegionSpec> specs)
    {
        Node Text(string value) => new ScalarNode(default, value, IsText: true);
        MapNode Map(params (string, Node)[] fields) =>
            new(default, [.. fields.Select(f => (f.Item1, default(Mark), f.Item2))]);
        return Map(
            (
                "region_specs",
                new ListNode(
                    default,
                    [
                        .. specs.Select(s =>
                            Map(
                                ("region", Text(s.Region)),
                                (
                                    "key_spec",
                                    Map(
                                        ("type", Text(s.KeySpec.Type)),
                                        ("uri", Text(s.KeySpec.Uri)),
                                        ("auth_principal", Text(s.KeySpec.AuthPrincipal))
                                    )
                                )
                            )
                        ),
                    ]
                )
            )
        );
    }

    private static string Json(Node root)
    {
        using var memory = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                memory,
                new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
            Write(writer, root);
        return Encoding.UTF8.GetString(memory.ToArray()).Replace("\r\n", "\n") + "\n";
    }

    private static void Write(Utf8JsonWriter writer, Node node)
    {
        switch (node)
        {
            case MapNode map:
                writer.WriteStartObject();
                foreach (var (name, _, value) in map.Fields)
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (var item in list.Items)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case ScalarNode { IsText: true } text:
                writer.WriteStringValue(text.Text);
                break;
            case ScalarNode other:
                if (IsJson(other.Text))
                    writer.WriteRawValue(other.Text);
                else if (other.Text is "" or "~" or "Null" or "NULL")
                    writer.WriteNullValue();
                else
                    writer.WriteStringValue(other.Text); // a YAML number that JSON cannot say, 0x1f for example
                break;
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Yaml(Node root)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(
            writer,
            new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024)
        );
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: false));
        Emit(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return writer.ToString();
    }

    private static void Emit(Emitter emitter, Node node)
    {
        switch (node)
        {
            case MapNode map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
                foreach (var (name, _, value) in map.Fields)
                {
                    emitter.Emit(
                        new Scalar(
                            AnchorName.Empty,
                            TagName.Empty,
                            name,
                            ScalarStyle.Any,
                            isPlainImplicit: true,
                            isQuotedImplicit: true
                        )
                    );
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case ListNode list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Block));
                foreach (var item in list.Items)
                    Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case ScalarNode scalar:
                // Values in quotes, as on the page, so that no reader takes a text for a number; enumerations plain.
                var style =
                    !scalar.IsText ? ScalarStyle.Plain
                    : IsEnumeration(scalar.Text) ? ScalarStyle.Plain
                    : ScalarStyle.DoubleQuoted;
                emitter.Emit(
                    new Scalar(
                        AnchorName.Empty,
                        TagName.Empty,
                        scalar.Text,
                        style,
                        isPlainImplicit: true,
                        isQuotedImplicit: true
                    )
                );
                break;
        }
    }

    /// <summary>True for a value such as AWS_KMS.</summary>
    private static bool IsEnumeration(string text) =>
        text.Contains('_') && text.All(c => c is '_' or (>= 'A' and <= 'Z'));
}
