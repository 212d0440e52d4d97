using System.IO;
using System.Text;

namespace CockroachCmek.Core.Cmek;

/// <summary>The record of a revocation as a JSON file: what Restore-CrdbCmekAccess needs to undo it.</summary>
internal static partial class RevocationFile
{
    /// <summary>Room for the policies of every key of a large cluster.</summary>
    private const int LargestFile = 16 * 1024 * 1024;

    /// <summary>Reads the record of a file.</summary>
    /// <exception cref="CmekException">
    /// RevocationFileNotFound, RevocationFileTooLarge, RevocationFileInvalid.
    /// </exception>
    public static CmekRevocation Load(string path)
    {
        try
        {
            var bytes = BoundedFile.Read(path, LargestFile) ?? throw Errors.RevocationFileTooLarge(path);
            return Read(TextFile.Decode(bytes).TrimStart('\uFEFF'), path);
        }
        catch (DecoderFallbackException fault)
        {
            throw Errors.RevocationFileInvalid(path, $"it {TextFile.NotText}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.RevocationFileNotFound(path, fault);
        }
    }

    /// <summary>
    /// The file of a cluster's record. In a folder it is named after the cluster's name and id, as far as they are
    /// known, so that clusters of one name do not share a file; a record of 0.2.0, named after the name alone, is
    /// continued if it is this cluster's. A file holds the record of one cluster: the others of a pipeline get theirs
    /// beside it.
    /// </summary>
    public static string? PathFor(RevocationOptions options, CrdbCluster cluster, OperationContext context)
    {
        var folder = options.Path;
        if (folder is null)
            return null;
        if (!Directory.Exists(folder))
        {
            if (options.Record.TryTake(cluster))
                return folder;
            folder = Path.GetDirectoryName(Path.GetFullPath(folder))!;
            context.Host.Warning(
                $"{cluster.Name}: '{options.Path}' is the record of another cluster. The record of this one is in "
                    + $"'{folder}'."
            );
        }

        var name = FileNames.Of(cluster.Name, cluster.Id);
        var earlier = Path.Combine(folder, $"{name}.revocation.json");
        if (cluster.Id.Length == 0 || (File.Exists(earlier) && Load(earlier).ClusterId == cluster.Id))
            return earlier;
        return Path.Combine(folder, $"{FileNames.Of($"{name}-{cluster.Id}", cluster.Id)}.revocation.json");
    }

    /// <summary>The record of an interrupted run for the same cluster; null when there is no file yet.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid: the file is the record of another cluster.</exception>
    public static CmekRevocation? LoadEarlier(string path, CrdbCluster cluster)
    {
        if (!File.Exists(path))
            return null;
        var earlier = Load(path);
        return earlier.ClusterId == cluster.Id
            ? earlier
            : throw Errors.RevocationFileInvalid(
                path,
                $"it is the record of {earlier.ClusterName} ({earlier.ClusterId}), "
                    + $"not of {cluster.Name} ({cluster.Id})"
            );
    }

    /// <summary>Writes the record to a file.</summary>
    /// <exception cref="CmekException">RevocationFileNotWritten.</exception>
    public static void Save(CmekRevocation revocation, string path)
    {
        try
        {
            WholeFile.Write(path, Write(revocation));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.RevocationFileNotWritten(path, fault);
        }
    }

    /// <summary>Writes the record to its own file, if it has one.</summary>
    public static void Save(CmekRevocation revocation)
    {
        if (revocation.Path is { } file)
            Save(revocation, file);
    }

    /// <summary>Once changes are being made, a record that cannot be written does not stop them.</summary>
    public static void TrySave(CmekRevocation revocation, OperationContext context)
    {
        try
        {
            Save(revocation);
        }
        catch (CmekException error)
        {
            context.Host.Warning($"{revocation.ClusterName}: {error.Message} Keep the output of this command instead.");
        }
    }
}
