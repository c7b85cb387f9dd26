using System.Text;
using Orchestrator.Containers.Fragments;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Fragments;

public sealed class VerifiedFragmentTests
{
    private const string Text = "package mine\n\nsvn := \"2\"\nframework_version := \"0.5.0\"\n\ncontainers := []\n";

    private static readonly Publisher s_publisher = new();

    [Fact]
    public void A_signed_fragment_verifies()
    {
        VerifiedFragment fragment = s_publisher.Publish(Text);

        Assert.Equal(s_publisher.Issuer, fragment.Issuer);
        Assert.Equal("feed", fragment.Feed);
        Assert.Equal(new SecurityVersion.Whole(2), fragment.Module.Svn);
    }

    [Fact]
    public void No_byte_of_a_fragment_can_be_changed()
    {
        byte[] message = s_publisher.Sign(Text);
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));

            Assert.Throws<OrchestratorException>(() => VerifiedFragment.Verify(changed, Publisher.Now));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public void A_fragment_cut_short_or_extended_is_refused(int cut)
    {
        byte[] message = s_publisher.Sign(Text);

        Refuse(message[..^(cut + 1)]);
        Refuse([.. message, .. new byte[cut + 1]]);
    }

    [Fact]
    public void A_fragment_whose_signer_has_expired_is_refused() => Refuse(s_publisher.Sign(Text), Publisher.AfterExpiry);

    [Fact]
    public void A_fragment_in_another_publishers_name_is_refused()
    {
        var stranger = new Publisher();

        Refuse(stranger.Sign(Text, issuer: s_publisher.Issuer));
        stranger.Chain = s_publisher.Chain;
        Refuse(stranger.Sign(Text, issuer: s_publisher.Issuer));
    }

    [Fact]
    public void A_signer_put_under_another_root_is_refused()
    {
        var publisher = new Publisher();
        publisher.Chain = [publisher.Chain[0], s_publisher.Chain[1]];

        Refuse(publisher.Sign(Text));
        Refuse(publisher.Sign(Text, issuer: s_publisher.Issuer));
        publisher.Chain = [publisher.Chain[0]];
        Refuse(publisher.Sign(Text));
    }

    [Fact]
    public void A_signer_without_the_purpose_that_the_issuer_names_is_refused() => Refuse(new Publisher("1.3.6.1.5.5.7.3.3").Sign(Text));

    [Fact]
    public void A_fragment_without_a_feed_is_refused() => Refuse(s_publisher.Sign(Text, feed: ""));

    [Theory]
    [InlineData("policy-syntax", "package policy\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package framework\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "# A comment.\npackage mine\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package mine.own\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package  mine\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nsvn := 1\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nsvn := \"-1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-version", "package mine\nsvn := \"1\"")]
    [InlineData("policy-version", "package mine\nsvn := \"1\"\nframework_version := \"0.6.0\"")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.5.0\"\nallow_dump_stacks := true")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.5.0\"\nmount_device := {\"allowed\": true}")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.4.1\"\nplatform_rules := []")]
    public void A_text_that_is_no_fragment_is_refused(string code, string text)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => FragmentModule.Parse(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(code, refusal.Code.Id);
    }

    private static void Refuse(byte[] message, DateTimeOffset? time = null)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => VerifiedFragment.Verify(message, time ?? Publisher.Now));

        Assert.Equal("fragment-invalid", refusal.Code.Id);
    }
}
