"""Whether AWS credentials are given at all; whether they are good is seen when they are used."""


def credential_faults() -> list[str]:
    """What a person has to mend, in words; empty while they may yet come from a helper program.

    Looks where boto3 does: environment, profile, helper program. The names and never the values are said.
    """
    import botocore.session
    from botocore import exceptions

    try:
        credentials = botocore.session.Session().get_credentials()
    except exceptions.PartialCredentialsError as error:
        return [f"AWS credentials are given by halves: {error.kwargs.get('cred_var')} is missing"]
    except exceptions.ProfileNotFound as error:
        return [f"AWS_PROFILE is {error.kwargs.get('profile')!r:.80}, and there is no such profile"]
    except (exceptions.ConfigNotFound, exceptions.ConfigParseError):
        return ["AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE cannot be read"]
    except exceptions.BotoCoreError:
        return []  # a helper program that has no network yet
    if credentials is None:
        return ["AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed (or AWS_PROFILE)"]
    return []
