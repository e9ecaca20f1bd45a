; Uninstalling: the program goes, the local data only when asked to.

Var Purge     ; 1 when the local data goes too
Var Checkbox

Function un.onInit
  Call un.OpenLog
  StrCpy $Purge 0
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  ${IfNot} ${Errors}
    StrCpy $Purge 1
  ${EndIf}
  ${IfNot} ${FileExists} "$INSTDIR\install.json"
    StrCpy $Problem "$(NotOurs)"
    StrCpy $Code ${CODE_FOREIGN}
    Call un.Fail
  ${EndIf}
  again:
  Call un.CheckRunning
  ${If} $Problem != ""
    ${If} ${Silent}
      Call un.Fail
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$Problem" IDRETRY again
    SetErrorLevel 1
    Quit
  ${EndIf}
FunctionEnd

Function un.AskPage
  !insertmacro MUI_HEADER_TEXT "$(UninstallTitle)" "$(UninstallSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 30u "$(UninstallText)"
  Pop $0
  ${NSD_CreateCheckbox} 0 38u 100% 12u "$(PurgeChoice)"
  Pop $Checkbox
  ${NSD_SetState} $Checkbox $Purge
  ${NSD_CreateLabel} 12u 54u 95% 60u "$(PurgeText)"
  Pop $0
  GetDlgItem $0 $HWNDPARENT 1
  SendMessage $0 ${WM_SETTEXT} 0 "STR:$(UninstallButton)"
  nsDialogs::Show
FunctionEnd

Function un.AskLeave
  ${NSD_GetState} $Checkbox $Purge
FunctionEnd

Section "Uninstall"
  SetOutPath "$TEMP"
  !insertmacro EachFile Remove
  RMDir /r "$INSTDIR\new.tmp"
  RMDir /r "$INSTDIR\old.tmp"
  RMDir /r "$INSTDIR\.update" ; of the program's own updates
  RMDir "$INSTDIR" ; only when empty: a file of the user's stays

  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "${IDENTITY}"
  DeleteRegKey HKCU "Software\Microsoft\Windows\CurrentVersion\Notifications\Settings\${ID}"
  ; Start at login, and whether the task manager allows it.
  DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${ID}"
  DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${ID}"

  ${If} $Purge = 1
    Call un.Purge
  ${EndIf}
  Delete "$TEMP\kuramori-setup.log"
  StrCpy $Problem "$(Uninstalled)"
  Call un.Say
SectionEnd

; Deletes the local data file by file: a repository that someone put there is not ours to delete.
Function un.Purge
  !define DATA "$LOCALAPPDATA\${NAME}"
  Delete "${DATA}\settings.*" ; with its copy, and what was damaged and set aside
  Delete "${DATA}\runs.*"
  Delete "${DATA}\plugged.json*"
  Delete "${DATA}\gone.json*"
  Delete "${DATA}\secrets.sealed*"
  Delete "${DATA}\*.log*"
  RMDir /r "${DATA}\logs"
  RMDir /r "${DATA}\update"
  RMDir /r "${DATA}\catalog"
  RMDir /r "${DATA}\history"
  Delete "${DATA}\.*.back"
  Delete "${DATA}\owner.*"
  RMDir "${DATA}"
  ; What the web view keeps.
  RMDir /r "$LOCALAPPDATA\${ID}\EBWebView"
  RMDir "$LOCALAPPDATA\${ID}"
  Call un.ForgetPasswords
FunctionEnd

; Deletes the generic credentials named `….Kuramori`: saved passwords and repository keys.
Function un.ForgetPasswords
  System::Call 'advapi32::CredEnumerateW(p 0, i 0, *i 0 r0, *p 0 r1)i.r2'
  ${If} $2 = 0
    Return ; there are none
  ${EndIf}
  IntOp $0 $0 - 1
  ${For} $3 0 $0
    IntOp $4 $3 * ${NSIS_PTR_SIZE}
    IntPtrOp $4 $4 + $1
    System::Call '*$4(p.r5)'
    System::Call '*$5(i, i.r6, w.r7)' ; flags, kind, name
    StrCpy $8 $7 "" -9
    ${If} $6 = 1
    ${AndIf} $8 == ".${NAME}"
      System::Call 'advapi32::CredDeleteW(w r7, i 1, i 0)'
    ${EndIf}
  ${Next}
  System::Call 'advapi32::CredFree(p r1)'
FunctionEnd
