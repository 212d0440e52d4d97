using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Tests.Files;

/// <summary>Files are written completely or not at all, and never through a link.</summary>
public sealed class WholeFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-files-").FullName;

    private string File1 => Path.Combine(_folder, "record.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_of_the_users_own_beside_it_is_left_alone()
    {
        File.WriteAllText(File1 + ".new", "mine");
        WholeFile.Write(File1, "record");
        WholeFile.Write(File1, "record 2");
        Assert.Equal(("record 2", "mine"), (File.ReadAllText(File1), File.ReadAllText(File1 + ".new")));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void A_link_is_replaced_and_not_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right on Windows.");
        var victim = Path.Combine(_folder, "victim");
        File.WriteAllText(victim, "untouched");
        File.CreateSymbolicLink(File1, victim);
        File.CreateSymbolicLink(File1 + ".new", victim);
        WholeFile.Write(File1, "record");
        Assert.Equal(("record", "untouched"), (File.ReadAllText(File1), File.ReadAllText(victim)));
        Assert.Null(new FileInfo(File1).LinkTarget);
    }

    [Fact]
    public void Only_its_owner_may_read_it_and_a_manifest_keeps_the_rights_it_had()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Access rights of Unix.");
            return;
        }

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        WholeFile.Write(File1, "a", keepsMode: true);
        Assert.Equal(Owner, File.GetUnixFileMode(File1));
        File.SetUnixFileMode(File1, Owner | UnixFileMode.GroupRead);
        WholeFile.Write(File1, "b", keepsMode: true);
        Assert.Equal(Owner | UnixFileMode.GroupRead, File.GetUnixFileMode(File1));
        WholeFile.Write(File1, "c");
        Assert.Equal(Owner, File.GetUnixFileMode(File1));
    }

    [Fact]
    public void A_failed_write_leaves_nothing_behind()
    {
        Directory.CreateDirectory(File1);
        Assert.ThrowsAny<Exception>(() => WholeFile.Write(File1, "record"));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_record_that_never_ends_is_not_read_to_its_end()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "This machine has no /dev/zero.");
        Assert.Equal(
            "RevocationFileTooLarge",
            Assert.Throws<CmekException>(() => RevocationFile.Load("/dev/zero")).ErrorId
        );
    }
}
